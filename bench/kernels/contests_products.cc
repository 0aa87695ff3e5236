// Convolutions and fully connected layers, each in its three directions.
//
// A batch repeats three samples: plain loops in double over 128 images of ImageNet would take minutes. The filter's gradient of
// such a batch is that of the three, each as often as it occurs.
#include <memory>

#include "bench/kernels/onednn.h"
#include "bench/kernels/operations.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/conv2d_few_channels.h"
#include "kernels/linear/linear.h"
#ifdef SKEWBENCH_CUDA
#include "kernels/conv2d/conv2d_cuda.h"
#include "kernels/linear/linear_cuda.h"
#endif

namespace skewbench::bench_kernels {
namespace {

constexpr int64_t kSamples = 3;

int64_t distinct(int64_t n) { return std::min(n, kSamples); }

/// Sample i of `all` becomes sample i % 3.
void repeat(std::span<float> all, int64_t n) {
  const std::size_t sample = all.size() / static_cast<std::size_t>(n);
  for (std::size_t i = sample * static_cast<std::size_t>(distinct(n)); i < all.size(); ++i) all[i] = all[i - sample * kSamples];
}

/// The first samples of dy, each times the number of its copies in the batch: small integers, so the products are exact.
std::vector<float> weighted(std::span<const float> dy, int64_t n) {
  const auto sample = static_cast<int64_t>(dy.size()) / n;
  std::vector<float> result(dy.begin(), dy.begin() + sample * distinct(n));
  for (int64_t i = 0; i < std::ssize(result); ++i) {
    const int64_t copies = (n - i / sample + kSamples - 1) / kSamples;
    result[static_cast<std::size_t>(i)] *= static_cast<float>(copies);
  }
  return result;
}

conv2d::Problem convolution_of(const Shape& s) {
  return {s.of("h"), s.of("w"), s.of("c"), s.of("k"), s.of("r"), s.of("s"), s.of("stride"), s.of("pad")};
}

/// Made at the first call, and told the filter at each: it changes with every step of training.
struct LazyHost {
  conv2d::Problem problem;
  std::shared_ptr<conv2d::Host> made = {};
  conv2d::Host& get() {
    if (!made) made = std::make_shared<conv2d::Host>(problem, false, false, true);
    return *made;
  }
};

Contest convolve_forward(const Shape& shape, const conv2d::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "forward", n);
  contest.flops = p.flops_forward(n);
  const int x = contest.input("x", 4 * p.x_size(n)), filter = contest.input("filter", 4 * p.filter_size()),
            y = contest.output("y", 4 * p.y_size(n), sum_tolerance(p.r * p.s * p.c));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(filter, 2);
    repeat(c.before(x), n);
    conv2d::forward_ref<float>(p, distinct(n), c.before(x).data(), c.before(filter).data(), nullptr, c.want(y).data());
    repeat(c.want(y), n);
  };
  const bool has_own = conv2d::few_channels::takes(p);
  contest.on_host("onednn", "convolution", onednn::convolution(p, n, x, filter, y));
  contest.on_host(has_own ? "own" : "suite", has_own ? "few_channels" : "onednn", [=, host = LazyHost{p}](const Addresses& at) mutable {
    host.get().set_filter(at.at(filter), nullptr);
    host.get().forward(n, at.at(x), at.at(y));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<conv2d::Forward>(conv2d::forward_versions(), conv2d::forward_vendor(), [=](const Addresses& at) {
    return conv2d::Forward{p, n, at.at(x), at.at(filter), nullptr, at.at(y)};
  });
#endif
  return contest;
}

Contest convolve_backward_input(const Shape& shape, const conv2d::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "backward_input", n);
  contest.flops = p.flops_forward(n);
  const int dy = contest.input("dy", 4 * p.y_size(n)), filter = contest.input("filter", 4 * p.filter_size()),
            dx = contest.output("dx", 4 * p.x_size(n), sum_tolerance(p.r * p.s * p.k));
  contest.fill = [=](Contest& c) {
    c.normals(dy, 1), c.normals(filter, 2);
    repeat(c.before(dy), n);
    conv2d::backward_input_ref<float>(p, distinct(n), c.before(dy).data(), c.before(filter).data(), c.want(dx).data());
    repeat(c.want(dx), n);
  };
  contest.on_host("suite", "onednn", [=, host = LazyHost{p}](const Addresses& at) mutable {
    host.get().set_filter(at.at(filter), nullptr);
    host.get().backward_input(n, at.at(dy), at.at(dx));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<conv2d::BackwardInput>(conv2d::backward_input_versions(), conv2d::backward_input_vendor(), [=](const Addresses& at) {
    return conv2d::BackwardInput{p, n, at.at(dy), at.at(filter), at.at(dx)};
  });
#endif
  return contest;
}

Contest convolve_backward_filter(const Shape& shape, const conv2d::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "backward_filter", n);
  contest.flops = p.flops_forward(n);
  const int x = contest.input("x", 4 * p.x_size(n)), dy = contest.input("dy", 4 * p.y_size(n)),
            dfilter = contest.output("dfilter", 4 * p.filter_size(), sum_tolerance(n * p.p() * p.q()));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(dy, 2);
    repeat(c.before(x), n), repeat(c.before(dy), n);
    conv2d::backward_filter_ref<float>(p, distinct(n), c.before(x).data(), weighted(c.before(dy), n).data(), c.want(dfilter).data(), nullptr);
  };
  const bool has_own = conv2d::few_channels::takes(p);
  contest.on_host(has_own ? "own" : "suite", has_own ? "few_channels" : "onednn", [=, host = LazyHost{p}](const Addresses& at) mutable {
    host.get().backward_filter(n, at.at(x), at.at(dy), at.at(dfilter), nullptr, false);
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<conv2d::BackwardFilter>(conv2d::backward_filter_versions(), conv2d::backward_filter_vendor(), [=](const Addresses& at) {
    return conv2d::BackwardFilter{p, n, at.at(x), at.at(dy), at.at(dfilter), nullptr};
  });
#endif
  return contest;
}

Contest multiply_forward(const Shape& shape, const linear::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "forward", n);
  contest.flops = p.flops_forward(n);
  const int x = contest.input("x", 4 * n * p.c), weights = contest.input("weights", 4 * p.k * p.c), bias = contest.input("bias", 4 * p.k),
            y = contest.output("y", 4 * n * p.k, sum_tolerance(p.c));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(weights, 2), c.normals(bias, 3);
    linear::forward_ref<float>(p, n, c.before(x).data(), c.before(weights).data(), c.before(bias).data(), c.want(y).data());
  };
  contest.on_host("suite", "onednn", [=](const Addresses& at) {
    linear::Host host(p, true, false);
    host.set_weights(at.at(weights), at.at(bias));
    host.forward(n, at.at(x), at.at(y));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<linear::Forward>(linear::forward_versions(), linear::forward_vendor(), [=](const Addresses& at) {
    return linear::Forward{p, n, at.at(x), at.at(weights), at.at(bias), at.at(y)};
  });
#endif
  return contest;
}

Contest multiply_backward_input(const Shape& shape, const linear::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "backward_input", n);
  contest.flops = p.flops_forward(n);
  const int dy = contest.input("dy", 4 * n * p.k), weights = contest.input("weights", 4 * p.k * p.c),
            dx = contest.output("dx", 4 * n * p.c, sum_tolerance(p.k));
  contest.fill = [=](Contest& c) {
    c.normals(dy, 1), c.normals(weights, 2);
    linear::backward_input_ref<float>(p, n, c.before(dy).data(), c.before(weights).data(), c.want(dx).data());
  };
  contest.on_host("suite", "onednn", [=](const Addresses& at) {
    linear::Host host(p, false, false);
    host.set_weights(at.at(weights), nullptr);
    host.backward_input(n, at.at(dy), at.at(dx));
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<linear::BackwardInput>(linear::backward_input_versions(), linear::backward_input_vendor(), [=](const Addresses& at) {
    return linear::BackwardInput{p, n, at.at(dy), at.at(weights), at.at(dx)};
  });
#endif
  return contest;
}

Contest multiply_backward_weights(const Shape& shape, const linear::Problem& p, int64_t n) {
  Contest contest = begin_contest(shape, "backward_weights", n);
  contest.flops = p.flops_forward(n);
  const int x = contest.input("x", 4 * n * p.c), dy = contest.input("dy", 4 * n * p.k),
            dweights = contest.output("dweights", 4 * p.k * p.c, sum_tolerance(n)), dbias = contest.output("dbias", 4 * p.k, sum_tolerance(n));
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(dy, 2);
    linear::backward_weights_ref<float>(p, n, c.before(x).data(), c.before(dy).data(), c.want(dweights).data(), c.want(dbias).data());
  };
  contest.on_host("suite", "onednn", [=](const Addresses& at) {
    linear::Host(p, true, false).backward_weights(n, at.at(x), at.at(dy), at.at(dweights), at.at(dbias), false);
  });
#ifdef SKEWBENCH_CUDA
  contest.on_device<linear::BackwardWeights>(linear::backward_weights_versions(), linear::backward_weights_vendor(), [=](const Addresses& at) {
    return linear::BackwardWeights{p, n, at.at(x), at.at(dy), at.at(dweights), at.at(dbias)};
  });
#endif
  return contest;
}

}  // namespace

std::vector<Contest> conv2d_contests(const Shape& shape, int64_t n) {
  const conv2d::Problem p = convolution_of(shape);
  return {convolve_forward(shape, p, n), convolve_backward_input(shape, p, n), convolve_backward_filter(shape, p, n)};
}

std::vector<Contest> linear_contests(const Shape& shape, int64_t n) {
  const linear::Problem p{shape.of("c"), shape.of("k")};
  return {multiply_forward(shape, p, n), multiply_backward_input(shape, p, n), multiply_backward_weights(shape, p, n)};
}

}  // namespace skewbench::bench_kernels
