// One pass over vectors: ReLU, addition, the weighted sum of parameters, the update, the distance of two. Equal to the reference to the bit, but
// oneDNN's, whose order of operations is its own.
#include <fmt/format.h>

#include <memory>

#include "bench/kernels/onednn.h"
#include "bench/kernels/operations.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/mix/mix.h"
#include "kernels/sgd/sgd.h"
#include "kernels/squared_distance/squared_distance.h"
#ifdef SKEWBENCH_CUDA
#include "kernels/elementwise/elementwise_cuda.h"
#include "kernels/mix/mix_cuda.h"
#include "kernels/sgd/sgd_cuda.h"
#include "kernels/squared_distance/squared_distance_cuda.h"
#endif

namespace skewbench::bench_kernels {

std::vector<Contest> relu_contests(const Shape& shape, int64_t n) {
  const int64_t count = n * shape.of("count");
  Contest forward = begin_contest(shape, "forward", n);
  {
    const int x = forward.input("x", 4 * count), y = forward.exact_output("y", 4 * count);
    forward.fill = [=](Contest& c) {
      c.normals(x, 1);
      elementwise::relu_forward_ref(count, c.before(x).data(), c.want(y).data());
    };
    forward.on_host("onednn", "eltwise", onednn::relu(count, x, y));
    forward.on_host("own", "", [=](const Addresses& at) { elementwise::relu_forward_host(count, at.at(x), at.at(y)); });
#ifdef SKEWBENCH_CUDA
    forward.on_device<elementwise::ReluForward>(elementwise::relu_forward_versions(), nullptr,
                                                [=](const Addresses& at) { return elementwise::ReluForward{count, at.at(x), at.at(y)}; });
#endif
  }
  Contest backward = begin_contest(shape, "backward", n);
  {
    const int y = backward.input("y", 4 * count), dy = backward.input("dy", 4 * count), dx = backward.exact_output("dx", 4 * count);
    backward.fill = [=](Contest& c) {
      c.normals(y, 1), c.normals(dy, 2);
      elementwise::relu_backward_ref(count, c.before(y).data(), c.before(dy).data(), c.want(dx).data());
    };
    backward.on_host("own", "", [=](const Addresses& at) { elementwise::relu_backward_host(count, at.at(y), at.at(dy), at.at(dx)); });
#ifdef SKEWBENCH_CUDA
    backward.on_device<elementwise::ReluBackward>(
        elementwise::relu_backward_versions(), nullptr,
        [=](const Addresses& at) { return elementwise::ReluBackward{count, at.at(y), at.at(dy), at.at(dx)}; });
#endif
  }
  return {forward, backward};
}

std::vector<Contest> add_contests(const Shape& shape, int64_t n) {
  const int64_t count = n * shape.of("count");
  Contest contest = begin_contest(shape, "forward", n);
  const int a = contest.input("a", 4 * count), b = contest.input("b", 4 * count), out = contest.exact_output("out", 4 * count);
  contest.fill = [=](Contest& c) {
    c.normals(a, 1), c.normals(b, 2);
    elementwise::add_ref(count, c.before(a).data(), c.before(b).data(), c.want(out).data());
  };
  contest.on_host("onednn", "binary", onednn::add(count, a, b, out));
  contest.on_host("own", "", [=](const Addresses& at) { elementwise::add_host(count, at.at(a), at.at(b), at.at(out)); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<elementwise::Add>(elementwise::add_versions(), nullptr,
                                      [=](const Addresses& at) { return elementwise::Add{count, at.at(a), at.at(b), at.at(out)}; });
#endif
  return {contest};
}

// A ring's three vectors or a social graph's seven, with unequal weights that add up to one. n: vectors do not depend on the batch.
std::vector<Contest> mix_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const int64_t count = shape.of("count"), vectors = shape.of("vectors");
  Contest contest = begin_contest(shape, "forward", n);
  std::vector<int> inputs;
  std::vector<float> weights;
  for (int64_t i = 0; i < vectors; ++i) {
    inputs.push_back(contest.input(fmt::format("x{}", i), 4 * count));
    weights.push_back(2.0f * static_cast<float>(i + 1) / static_cast<float>(vectors * (vectors + 1)));
  }
  const int out = contest.output("out", 4 * count, kRoundings);
  const auto make_inputs = [=](const Addresses& at) {
    std::vector<mix::Input<float>> made;
    for (std::size_t i = 0; i < inputs.size(); ++i) made.push_back({at.at(inputs[i]), 1, weights[i]});
    return made;
  };
  contest.fill = [=](Contest& c) {
    std::vector<void*> addresses(static_cast<std::size_t>(vectors));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      c.normals(inputs[i], static_cast<uint32_t>(i));
      addresses[static_cast<std::size_t>(inputs[i])] = c.before(inputs[i]).data();
    }
    mix::mix_ref<float>(make_inputs(Addresses(addresses)), count, c.want(out).data(), 1);
  };
  contest.on_host("onednn", "sum", onednn::sum(count, weights, inputs, out));
  contest.on_host("own", "", [=](const Addresses& at) { mix::mix_host<float>(make_inputs(at), count, at.at(out), 1); });
#ifdef SKEWBENCH_CUDA
  // The launch reads the inputs' list on the host while it is called.
  const auto list = std::make_shared<std::vector<mix::Input<float>>>();
  contest.on_device<mix::Mix<float>>(mix::mix_versions<float>(), nullptr, [=](const Addresses& at) {
    *list = make_inputs(at);
    return mix::Mix<float>{*list, count, at.at(out), 1};
  });
#endif
  return {contest};
}

// One tensor of all parameters: the multipliers of several change nothing about what is moved.
std::vector<Contest> sgd_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const int64_t count = shape.of("count");
  const auto layout = std::make_shared<Layout>();
  layout->add("all", TensorKind::weight, 1, count);
  const sgd::Options options{.lr = 1e-3, .momentum = 0.9, .weight_decay = 1e-4};
  const int64_t size = layout->size();
  Contest contest = begin_contest(shape, "step", n);
  const int x = contest.in_place("x", 4 * size, kRoundings), gradient = contest.input("gradient", 4 * size),
            momentum = contest.in_place("momentum", 4 * size, kRoundings);
  contest.fill = [=](Contest& c) {
    c.normals(x, 1), c.normals(gradient, 2), c.normals(momentum, 3);
    for (int64_t i = count; i < size; ++i)  // the gap behind the tensor is zero, and stays so
      for (const int array : {x, gradient, momentum}) c.before(array)[static_cast<std::size_t>(i)] = 0;
    std::copy_n(c.before(momentum).data(), size, c.want(momentum).data());
    sgd::step_ref(*layout, options, c.before(x).data(), c.before(gradient).data(), c.want(momentum).data(), c.want(x).data(), true);
  };
  contest.on_host("own", "", [=](const Addresses& at) {
    sgd::step_host(*layout, options, at.at(x), at.at(gradient), at.at(momentum), at.at(x), true);
  });
#ifdef SKEWBENCH_CUDA
  if (device::why_unusable().empty()) {
    const auto table = std::make_shared<sgd::DeviceLayout>(*layout);
    contest.on_device<sgd::Step>(sgd::step_versions(), nullptr, [=](const Addresses& at) {
      return sgd::Step{table->table(), options, at.at(x), at.at(gradient), at.at(momentum), at.at(x), true};
    });
  }
#endif
  return {contest};
}

// Multiples of 1/16: sums of their squares are exact in double, in whichever order.
std::vector<Contest> squared_distance_contests(const Shape& shape, int64_t n) {
  if (n != 1) return {};
  const int64_t count = shape.of("count");
  Contest contest = begin_contest(shape, "forward", n);
  const int a = contest.input("a", 4 * count), b = contest.input("b", 4 * count), out = contest.exact_output("out", 8);
  contest.fill = [=](Contest& c) {
    for (int64_t i = 0; i < count; ++i) {
      c.before(a)[static_cast<std::size_t>(i)] = static_cast<float>(i % 97 - 48) / 16;
      c.before(b)[static_cast<std::size_t>(i)] = static_cast<float>(i % 89 - 44) / 16;
    }
    squared_distance::distance_ref(count, c.before(a).data(), c.before(b).data(), c.want<double>(out).data());
  };
  contest.on_host("own", "plain loop", [=](const Addresses& at) { squared_distance::distance_ref(count, at.at(a), at.at(b), at.at<double>(out)); });
#ifdef SKEWBENCH_CUDA
  contest.on_device<squared_distance::Distance>(squared_distance::distance_versions(), nullptr, [=](const Addresses& at) {
    return squared_distance::Distance{count, at.at(a), at.at(b), at.at<double>(out)};
  });
#endif
  return {contest};
}

}  // namespace skewbench::bench_kernels
