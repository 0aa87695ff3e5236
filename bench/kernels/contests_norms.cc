// Normalisations, forward and backward; batch norm's with given statistics, too.
#include "bench/kernels/onednn.h"
#include "bench/kernels/operations.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/evo_norm/evo_norm.h"
#include "kernels/group_norm/group_norm.h"
#include "kernels/local_response_norm/local_response_norm.h"
#ifdef SKEWBENCH_CUDA
#include "kernels/batch_norm/batch_norm_cuda.h"
#include "kernels/evo_norm/evo_norm_cuda.h"
#include "kernels/group_norm/group_norm_cuda.h"
#include "kernels/local_response_norm/local_response_norm_cuda.h"
#endif

namespace skewbench::bench_kernels {
namespace {

Contest group_norm_forward(const Shape& shape, const group_norm::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "forward", n);
  const int64_t size = 4 * n * p.pixels * p.c, groups = 4 * n * p.groups;
  const int x = contest.input("x", size), gamma = contest.input("gamma", 4 * p.c), beta = contest.input("beta", 4 * p.c),
            residual = contest.input("residual", p.add ? size : 0), y = contest.output("y", size, sum_tolerance(1)),
            mean = contest.output("mean", groups, sum_tolerance(p.pixels * p.c / p.groups)), rstd = contest.output("rstd", groups, kRoundings);
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gamma, 2), c.normals(beta, 3), c.normals(residual, 4);
    group_norm::forward_ref<float>(p, n, c.before(x).data(), c.before(gamma).data(), c.before(beta).data(), c.before(residual).data(),
                                   c.want(y).data(), c.want(mean).data(), c.want(rstd).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    group_norm::forward_host(p, n, at.at(x), at.at(gamma), at.at(beta), at.at(residual), at.at(y), at.at(mean), at.at(rstd));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<group_norm::Forward>(group_norm::forward_versions(), nullptr, [=](const Addresses& at) {
    return group_norm::Forward{p, n, at.at(x), at.at(gamma), at.at(beta), at.at(residual), at.at(y), at.at(mean), at.at(rstd)};
  });
#endif
  return contest;
}

Contest group_norm_backward(const Shape& shape, const group_norm::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "backward", n);
  const int64_t size = 4 * n * p.pixels * p.c, groups = 4 * n * p.groups, parameters = p.affine ? 4 * p.c : 0;
  const int x = contest.input("x", size), y = contest.input("y", size), dy = contest.input("dy", size), gamma = contest.input("gamma", 4 * p.c),
            mean = contest.input("mean", groups), rstd = contest.input("rstd", groups), dx = contest.output("dx", size, sum_tolerance(4)),
            dresidual = contest.output("dresidual", p.add ? size : 0, kRoundings),
            dgamma = contest.output("dgamma", parameters, sum_tolerance(n * p.pixels)), dbeta = contest.output("dbeta", parameters, sum_tolerance(n * p.pixels));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gamma, 2), c.normals(dy, 3);
    std::vector<float> beta(static_cast<std::size_t>(p.c)), residual(c.before(x).size());
    group_norm::forward_ref<float>(p, n, c.before(x).data(), c.before(gamma).data(), beta.data(), residual.data(), c.before(y).data(),
                                   c.before(mean).data(), c.before(rstd).data());
    group_norm::backward_ref<float>(p, n, c.before(x).data(), c.before(y).data(), c.before(dy).data(), c.before(gamma).data(),
                                    c.before(mean).data(), c.before(rstd).data(), c.want(dx).data(), p.add ? c.want(dresidual).data() : nullptr,
                                    p.affine ? c.want(dgamma).data() : nullptr, p.affine ? c.want(dbeta).data() : nullptr, false);
  };
  const auto wanted = [=](const Addresses& at, int array, bool is_wanted) { return is_wanted ? at.at(array) : nullptr; };
  contest.on_host("own", "", [=](const Addresses& at) {
    group_norm::backward_host(p, n, at.at(x), at.at(y), at.at(dy), at.at(gamma), at.at(mean), at.at(rstd), at.at(dx),
                              wanted(at, dresidual, p.add), wanted(at, dgamma, p.affine), wanted(at, dbeta, p.affine), false);
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<group_norm::Backward>(group_norm::backward_versions(), nullptr, [=](const Addresses& at) {
    return group_norm::Backward{p, n, at.at(x), at.at(y), at.at(dy), at.at(gamma), at.at(mean), at.at(rstd), at.at(dx),
                                wanted(at, dresidual, p.add), wanted(at, dgamma, p.affine), wanted(at, dbeta, p.affine), false};
  });
#endif
  return contest;
}

Contest batch_norm_forward(const Shape& shape, const batch_norm::Problem& p, int64_t rows, int64_t n) {
  Contest contest = begin_contest(shape, "forward", n);
  const int64_t size = 4 * rows * p.c, channels = 4 * p.c;
  const int x = contest.input("x", size), gamma = contest.input("gamma", channels), beta = contest.input("beta", channels),
            y = contest.output("y", size, sum_tolerance(4)), mean = contest.output("mean", channels, sum_tolerance(rows)),
            variance = contest.output("variance", channels, sum_tolerance(rows));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gamma, 2), c.normals(beta, 3);
    batch_norm::forward_training_ref<float>(p, rows, c.before(x).data(), c.before(gamma).data(), c.before(beta).data(), c.want(y).data(),
                                            c.want(mean).data(), c.want(variance).data());
  };
  contest.on_host("onednn", "batch_normalization", onednn::batch_norm(rows, p.c, static_cast<float>(p.eps), p.relu, x, gamma, beta, y, mean, variance));
  // Its y has the error of its statistics, which oneDNN 2.6 adds in float32: 6e-5 at 1.6 million rows.
  contest.contestants.back().least_tolerance = sum_tolerance(rows);
  contest.on_host("own", "", [=](const Addresses& at) {
    batch_norm::forward_training_host(p, rows, at.at(x), at.at(gamma), at.at(beta), at.at(y), at.at(mean), at.at(variance));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<batch_norm::ForwardTraining>(
      batch_norm::forward_training_versions(), batch_norm::forward_training_vendor(), [=](const Addresses& at) {
        return batch_norm::ForwardTraining{p, rows, at.at(x), at.at(gamma), at.at(beta), nullptr, at.at(y), at.at(mean), at.at(variance)};
      });
#endif
  return contest;
}

Contest batch_norm_backward(const Shape& shape, const batch_norm::Problem& p, int64_t rows, int64_t n) {
  Contest contest = begin_contest(shape, "backward", n);
  const int64_t size = 4 * rows * p.c, channels = 4 * p.c;
  const int x = contest.input("x", size), y = contest.input("y", size), dy = contest.input("dy", size), mean = contest.input("mean", channels),
            variance = contest.input("variance", channels), gamma = contest.input("gamma", channels), dx = contest.output("dx", size, sum_tolerance(4)),
            dgamma = contest.output("dgamma", channels, sum_tolerance(rows)), dbeta = contest.output("dbeta", channels, sum_tolerance(rows));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gamma, 2), c.normals(dy, 3);
    const std::vector<float> beta(static_cast<std::size_t>(p.c));
    batch_norm::forward_training_ref<float>(p, rows, c.before(x).data(), c.before(gamma).data(), beta.data(), c.before(y).data(),
                                            c.before(mean).data(), c.before(variance).data());
    batch_norm::backward_training_ref<float>(p, rows, c.before(x).data(), c.before(y).data(), c.before(dy).data(), c.before(mean).data(),
                                             c.before(variance).data(), c.before(gamma).data(), c.want(dx).data(), c.want(dgamma).data(),
                                             c.want(dbeta).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    batch_norm::backward_training_host(p, rows, at.at(x), at.at(y), at.at(dy), at.at(mean), at.at(variance), at.at(gamma), at.at(dx),
                                       at.at(dgamma), at.at(dbeta));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<batch_norm::Backward>(
      batch_norm::backward_training_versions(), batch_norm::backward_training_vendor(), [=](const Addresses& at) {
        return batch_norm::Backward{p, rows, at.at(x), at.at(y), at.at(dy), at.at(mean), at.at(variance), at.at(gamma), at.at(dx), nullptr,
                                    at.at(dgamma), at.at(dbeta), false};
      });
#endif
  return contest;
}

// Statistics are not the batch's, so that a version which took those would be seen.
Contest batch_norm_inference(const Shape& shape, const batch_norm::Problem& p, int64_t rows, int64_t n) {
  Contest contest = begin_contest(shape, "inference", n);
  const int64_t size = 4 * rows * p.c, channels = 4 * p.c;
  const int x = contest.input("x", size), mean = contest.input("mean", channels), variance = contest.input("variance", channels),
            gamma = contest.input("gamma", channels), beta = contest.input("beta", channels), y = contest.output("y", size, sum_tolerance(4));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gamma, 2), c.normals(beta, 3), c.normals(mean, 4), c.normals(variance, 5);
    for (float& value : c.before(variance)) value = 0.5f + value * value;
    batch_norm::forward_inference_ref<float>(p, rows, c.before(x).data(), c.before(mean).data(), c.before(variance).data(),
                                             c.before(gamma).data(), c.before(beta).data(), c.want(y).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    batch_norm::forward_inference_host(p, rows, at.at(x), at.at(mean), at.at(variance), at.at(gamma), at.at(beta), at.at(y));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<batch_norm::ForwardInference>(
      batch_norm::forward_inference_versions(), batch_norm::forward_inference_vendor(), [=](const Addresses& at) {
        return batch_norm::ForwardInference{p, rows, at.at(x), at.at(mean), at.at(variance), at.at(gamma), at.at(beta), nullptr, at.at(y)};
      });
#endif
  return contest;
}

Contest batch_norm_backward_frozen(const Shape& shape, const batch_norm::Problem& p, int64_t rows, int64_t n) {
  Contest contest = begin_contest(shape, "backward_frozen", n);
  const int64_t size = 4 * rows * p.c, channels = 4 * p.c;
  const int x = contest.input("x", size), y = contest.input("y", size), dy = contest.input("dy", size), mean = contest.input("mean", channels),
            variance = contest.input("variance", channels), gamma = contest.input("gamma", channels), dx = contest.output("dx", size, kRoundings),
            dgamma = contest.output("dgamma", channels, sum_tolerance(rows)), dbeta = contest.output("dbeta", channels, sum_tolerance(rows));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gamma, 2), c.normals(dy, 3), c.normals(mean, 4), c.normals(variance, 5);
    for (float& value : c.before(variance)) value = 0.5f + value * value;
    const std::vector<float> beta(static_cast<std::size_t>(p.c));
    batch_norm::forward_inference_ref<float>(p, rows, c.before(x).data(), c.before(mean).data(), c.before(variance).data(),
                                             c.before(gamma).data(), beta.data(), c.before(y).data());
    batch_norm::backward_frozen_ref<float>(p, rows, c.before(x).data(), c.before(y).data(), c.before(dy).data(), c.before(mean).data(),
                                           c.before(variance).data(), c.before(gamma).data(), c.want(dx).data(), c.want(dgamma).data(),
                                           c.want(dbeta).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    batch_norm::backward_frozen_host(p, rows, at.at(x), at.at(y), at.at(dy), at.at(mean), at.at(variance), at.at(gamma), at.at(dx),
                                     at.at(dgamma), at.at(dbeta));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<batch_norm::Backward>(batch_norm::backward_frozen_versions(), nullptr, [=](const Addresses& at) {
    return batch_norm::Backward{p, rows, at.at(x), at.at(y), at.at(dy), at.at(mean), at.at(variance), at.at(gamma), at.at(dx), nullptr,
                                at.at(dgamma), at.at(dbeta), false};
  });
#endif
  return contest;
}

Contest evo_norm_forward(const Shape& shape, const evo_norm::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "forward", n);
  const int64_t size = 4 * n * p.pixels * p.c, groups = 4 * n * p.groups;
  const int x = contest.input("x", size), gamma = contest.input("gamma", 4 * p.c), beta = contest.input("beta", 4 * p.c),
            y = contest.output("y", size, kRoundings), mean = contest.output("mean", groups, sum_tolerance(p.group_size())),
            rstd = contest.output("rstd", groups, kRoundings);
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gamma, 2), c.normals(beta, 3);
    evo_norm::forward_ref<float>(p, n, c.before(x).data(), c.before(gamma).data(), c.before(beta).data(), c.want(y).data(),
                                 c.want(mean).data(), c.want(rstd).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    evo_norm::forward_host(p, n, at.at(x), at.at(gamma), at.at(beta), at.at(y), at.at(mean), at.at(rstd));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<evo_norm::Forward>(evo_norm::forward_versions(), nullptr, [=](const Addresses& at) {
    return evo_norm::Forward{p, n, at.at(x), at.at(gamma), at.at(beta), at.at(y), at.at(mean), at.at(rstd)};
  });
#endif
  return contest;
}

Contest evo_norm_backward(const Shape& shape, const evo_norm::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "backward", n);
  const int64_t size = 4 * n * p.pixels * p.c, groups = 4 * n * p.groups;
  const int x = contest.input("x", size), dy = contest.input("dy", size), gamma = contest.input("gamma", 4 * p.c),
            mean = contest.input("mean", groups), rstd = contest.input("rstd", groups), dx = contest.output("dx", size, sum_tolerance(4)),
            dgamma = contest.output("dgamma", 4 * p.c, sum_tolerance(n * p.pixels)), dbeta = contest.output("dbeta", 4 * p.c, sum_tolerance(n * p.pixels));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gamma, 2), c.normals(dy, 3);
    const std::vector<float> beta(static_cast<std::size_t>(p.c));
    std::vector<float> y(c.before(x).size());
    evo_norm::forward_ref<float>(p, n, c.before(x).data(), c.before(gamma).data(), beta.data(), y.data(), c.before(mean).data(), c.before(rstd).data());
    evo_norm::backward_ref<float>(p, n, c.before(x).data(), c.before(dy).data(), c.before(gamma).data(), c.before(mean).data(),
                                  c.before(rstd).data(), c.want(dx).data(), c.want(dgamma).data(), c.want(dbeta).data(), false);
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    evo_norm::backward_host(p, n, at.at(x), at.at(dy), at.at(gamma), at.at(mean), at.at(rstd), at.at(dx), at.at(dgamma), at.at(dbeta), false);
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<evo_norm::Backward>(evo_norm::backward_versions(), nullptr, [=](const Addresses& at) {
    return evo_norm::Backward{p, n, at.at(x), at.at(dy), at.at(gamma), at.at(mean), at.at(rstd), at.at(dx), at.at(dgamma), at.at(dbeta), false};
  });
#endif
  return contest;
}

}  // namespace

std::vector<Contest> group_norm_contests(const Shape& s, int64_t n) {
  const group_norm::Problem p{.pixels = s.of("pixels"), .c = s.of("c"), .groups = s.of("groups"), .affine = s.of("affine") == 1,
                              .relu = s.of("relu") == 1, .add = s.of("add") == 1};
  return {group_norm_forward(s, p, n), group_norm_backward(s, p, n)};
}

std::vector<Contest> batch_norm_contests(const Shape& s, int64_t n) {
  const batch_norm::Problem p{.c = s.of("c"), .relu = s.of("relu") == 1};
  const int64_t rows = n * s.of("pixels");
  return {batch_norm_forward(s, p, rows, n), batch_norm_inference(s, p, rows, n), batch_norm_backward(s, p, rows, n),
          batch_norm_backward_frozen(s, p, rows, n)};
}

std::vector<Contest> evo_norm_contests(const Shape& s, int64_t n) {
  const evo_norm::Problem p{.pixels = s.of("pixels"), .c = s.of("c"), .groups = s.of("groups")};
  return {evo_norm_forward(s, p, n), evo_norm_backward(s, p, n)};
}

std::vector<Contest> local_response_norm_contests(const Shape& s, int64_t n) {
  namespace lrn = local_response_norm;
  const lrn::Problem p{.h = 1, .w = s.of("pixels"), .c = s.of("c"), .size = s.of("region")};
  const int64_t size = 4 * n * p.w * p.c;
  Contest forward = begin_contest(s, "forward", n), backward = begin_contest(s, "backward", n);
  {
    const int x = forward.input("x", size), y = forward.output("y", size, kRoundings), scale = forward.output("scale", size, kRoundings);
    forward.fill = [=](Contest& c) {
      c.normals(x, 1);
      lrn::forward_ref<float>(p, n, c.before(x).data(), c.want(y).data(), c.want(scale).data());
      c.arrays[static_cast<std::size_t>(scale)].want.clear();  // oneDNN has a form of its own for the backward pass
    };
    forward.on_host("onednn", "lrn", onednn::local_response_norm(n, p.h, p.w, p.c, p.size, p.alpha, p.beta, x, y));
    forward.on_host("own", "", [=](const Addresses& at) { lrn::forward_host(p, n, at.at(x), at.at(y), at.at(scale)); });
#ifdef SKEWBENCH_CUDA
    forward.on_device<lrn::Forward>(lrn::forward_versions(), nullptr,
                                    [=](const Addresses& at) { return lrn::Forward{p, n, at.at(x), at.at(y), at.at(scale)}; });
#endif
  }
  {
    const int x = backward.input("x", size), y = backward.input("y", size), scale = backward.input("scale", size), dy = backward.input("dy", size),
              dx = backward.output("dx", size, sum_tolerance(p.size));
    backward.fill = [=](Contest& c) {
      c.normals(x, 1), c.normals(dy, 2);
      lrn::forward_ref<float>(p, n, c.before(x).data(), c.before(y).data(), c.before(scale).data());
      lrn::backward_ref<float>(p, n, c.before(x).data(), c.before(y).data(), c.before(scale).data(), c.before(dy).data(), c.want(dx).data());
    };
    backward.on_host("own", "", [=](const Addresses& at) { lrn::backward_host(p, n, at.at(x), at.at(y), at.at(scale), at.at(dy), at.at(dx)); });
#ifdef SKEWBENCH_CUDA
    backward.on_device<lrn::Backward>(lrn::backward_versions(), nullptr, [=](const Addresses& at) {
      return lrn::Backward{p, n, at.at(x), at.at(y), at.at(scale), at.at(dy), at.at(dx)};
    });
#endif
  }
  return {forward, backward};
}

}  // namespace skewbench::bench_kernels
