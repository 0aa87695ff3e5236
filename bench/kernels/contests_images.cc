// What images meet besides convolutions and norms: their way in, pooling, and the loss at the end.
#include "bench/kernels/onednn.h"
#include "bench/kernels/operations.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/pooling/pooling.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"
#ifdef SKEWBENCH_CUDA
#include "kernels/elementwise/elementwise_cuda.h"
#include "kernels/pooling/pooling_cuda.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.h"
#endif

namespace skewbench::bench_kernels {
namespace {

pooling::Problem pooling_of(const Shape& s) {
  if (s.of("global", 0)) return {pooling::Kind::global_average, s.of("h"), s.of("w"), s.of("c")};
  return {s.of("max") ? pooling::Kind::max : pooling::Kind::average, s.of("h"), s.of("w"), s.of("c"), s.of("window"), s.of("stride"), s.of("pad"),
          s.of("ceil") == 1};
}

// Logits of 0 and one of 200 in a row: every loss is exactly 0 or 200 in float, so the result can be compared byte by byte.
Contest evaluation(const Shape& shape, int64_t n, int64_t classes) {
  namespace loss = softmax_cross_entropy;
  Contest contest = begin_contest(shape, "evaluate", n);
  const int logits = contest.input("logits", 4 * n * classes), labels = contest.input("labels", 4 * n),
            result = contest.exact_output("result", sizeof(loss::Evaluation));
  contest.fill = [=](Contest& c) {
    for (int64_t i = 0; i < n; ++i) {
      c.before(logits)[static_cast<std::size_t>(i * classes + 5 * i % classes)] = 200;
      c.before<int32_t>(labels)[static_cast<std::size_t>(i)] = static_cast<int32_t>((i % 3 == 0 ? 5 * i : 7 * i) % classes);
    }
    c.want<loss::Evaluation>(result)[0] = loss::evaluate_ref<float>(n, classes, c.before(logits).data(), c.before<int32_t>(labels).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    *at.at<loss::Evaluation>(result) = loss::evaluate_host(n, classes, at.at(logits), at.at<int32_t>(labels));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<loss::Evaluate>(loss::evaluate_versions(), nullptr, [=](const Addresses& at) {
    return loss::Evaluate{n, classes, at.at(logits), at.at<int32_t>(labels), at.at<loss::Evaluation>(result)};
  });
#endif
  return contest;
}

}  // namespace

std::vector<Contest> image_to_real_contests(const Shape& s, int64_t n) {
  const int64_t pixels = n * s.of("pixels"), channels = s.of("c");
  Contest contest = begin_contest(s, "forward", n);
  const int images = contest.input("images", pixels * channels), mean = contest.input("mean", 4 * channels), scale = contest.input("scale", 4 * channels),
            out = contest.exact_output("out", 4 * pixels * channels);
  contest.fill = [=](Contest& c) {
    for (std::size_t i = 0; i < c.before<uint8_t>(images).size(); ++i) c.before<uint8_t>(images)[i] = static_cast<uint8_t>(i * 89 % 251);
    c.normals(mean, 1), c.normals(scale, 2);
    elementwise::image_to_real_ref<float>(pixels, channels, c.before<uint8_t>(images).data(), c.before(mean).data(), c.before(scale).data(),
                                          c.want(out).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    elementwise::image_to_real_host(pixels, channels, at.at<uint8_t>(images), at.at(mean), at.at(scale), at.at(out));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<elementwise::ImageToReal>(elementwise::image_to_real_versions(), nullptr, [=](const Addresses& at) {
    return elementwise::ImageToReal{pixels, channels, at.at<uint8_t>(images), at.at(mean), at.at(scale), at.at(out)};
  });
#endif
  return {contest};
}

std::vector<Contest> pooling_contests(const Shape& shape, int64_t n) {
  const pooling::Problem p = pooling_of(shape);
  Contest forward = begin_contest(shape, "forward", n);
  {
    const int x = forward.input("x", 4 * p.x_size(n)), y = forward.output("y", 4 * p.y_size(n), sum_tolerance(p.h * p.w)),
              winners = forward.exact_output("winners", p.workspace_bytes(n));
    forward.fill = [=](Contest& c) {
      c.normals(x, 1);
      pooling::forward_ref<float>(p, n, c.before(x).data(), c.want(y).data(), c.want<uint8_t>(winners).data());
    };
    // oneDNN keeps the winners in a form of its own, so where there are some it takes part without a check of them: not at all.
    if (p.kind == pooling::Kind::average && !p.ceil) forward.on_host("onednn", "pooling", onednn::pooling(p, n, x, y));
    forward.on_host("own", "", [=](const Addresses& at) { pooling::forward_host(p, n, at.at(x), at.at(y), at.at<uint8_t>(winners)); });
#ifdef SKEWBENCH_CUDA
    forward.on_device<pooling::Forward>(pooling::forward_versions(), pooling::forward_vendor(), [=](const Addresses& at) {
      return pooling::Forward{p, n, at.at(x), at.at(y), p.workspace_bytes(n) > 0 ? at.at<uint8_t>(winners) : nullptr};
    });
#endif
  }
  Contest backward = begin_contest(shape, "backward", n);
  {
    const int dy = backward.input("dy", 4 * p.y_size(n)), winners = backward.input("winners", p.workspace_bytes(n)),
              dx = backward.output("dx", 4 * p.x_size(n), kRoundings);
    backward.fill = [=](Contest& c) {
      c.normals(dy, 1);
      std::vector<float> x(static_cast<std::size_t>(p.x_size(n))), y(static_cast<std::size_t>(p.y_size(n)));
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = c.before(dy)[i % c.before(dy).size()];
      pooling::forward_ref<float>(p, n, x.data(), y.data(), c.before<uint8_t>(winners).data());
      pooling::backward_ref<float>(p, n, c.before(dy).data(), c.before<uint8_t>(winners).data(), c.want(dx).data());
    };
    backward.on_host("own", "", [=](const Addresses& at) { pooling::backward_host(p, n, at.at(dy), at.at<uint8_t>(winners), at.at(dx)); });
#ifdef SKEWBENCH_CUDA
    backward.on_device<pooling::Backward>(pooling::backward_versions(), nullptr, [=](const Addresses& at) {
      return pooling::Backward{p, n, at.at(dy), at.at<uint8_t>(winners), at.at(dx)};
    });
#endif
  }
  return {forward, backward};
}

std::vector<Contest> softmax_cross_entropy_contests(const Shape& shape, int64_t n) {
  namespace loss = softmax_cross_entropy;
  const int64_t classes = shape.of("classes");
  Contest contest = begin_contest(shape, "loss_and_gradient", n);
  const int logits = contest.input("logits", 4 * n * classes), labels = contest.input("labels", 4 * n),
            losses = contest.output("losses", 4 * n, sum_tolerance(classes)), dlogits = contest.output("dlogits", 4 * n * classes, sum_tolerance(classes)),
            total = contest.input("total", 0);
  contest.arrays[static_cast<std::size_t>(total)] = {.name = "total", .bytes = 8, .is_written = true};  // scratch: the host returns it
  contest.fill = [=](Contest& c) {
    c.normals(logits, 1, 3);
    for (int64_t i = 0; i < n; ++i) c.before<int32_t>(labels)[static_cast<std::size_t>(i)] = static_cast<int32_t>(7 * i % classes);
    loss::loss_and_gradient_ref<float>(n, classes, c.before(logits).data(), c.before<int32_t>(labels).data(), nullptr, double(n),
                                       c.want(losses).data(), c.want(dlogits).data());
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    *at.at<double>(total) =
        loss::loss_and_gradient_host(n, classes, at.at(logits), at.at<int32_t>(labels), nullptr, double(n), at.at(losses), at.at(dlogits));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<loss::LossAndGradient>(loss::loss_and_gradient_versions(), nullptr, [=](const Addresses& at) {
    return loss::LossAndGradient{n, classes, at.at(logits), at.at<int32_t>(labels), nullptr, double(n), at.at(losses), at.at(dlogits), at.at<double>(total)};
  });
#endif
  return {contest, evaluation(shape, n, classes)};
}

}  // namespace skewbench::bench_kernels
