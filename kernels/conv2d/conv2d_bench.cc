// How fast is each convolution of LeNet and ResNet-20, per direction, on one thread?
//
// Axes: layer, direction, batch size. Columns: time, GFLOP/s (2 x multiply-adds, taps on the padding included).
// The filter is announced anew before every call, as in training: its re-layout is part of the time.
//   build/bin/conv2d_bench --benchmark_filter='lenet_conv2/forward/n:32'
#include "kernels/base/aligned.h"
#include "kernels/base/random.h"
#include "kernels/conv2d/conv2d.h"

#include <benchmark/benchmark.h>

#include <string>

namespace skewbench::conv2d {
namespace {

struct Layer {
  const char* name;
  Problem problem;  // h w c k r s stride pad
};
const Layer kLayers[] = {
    {"lenet_conv1", {28, 28, 1, 32, 5, 5, 1, 2}},    {"lenet_conv2", {14, 14, 32, 32, 5, 5, 1, 2}},
    {"lenet_conv3", {7, 7, 32, 64, 5, 5, 1, 2}},     {"resnet_first", {32, 32, 3, 16, 3, 3, 1, 1}},
    {"resnet_16", {32, 32, 16, 16, 3, 3, 1, 1}},     {"resnet_16_32_s2", {32, 32, 16, 32, 3, 3, 2, 1}},
    {"resnet_32", {16, 16, 32, 32, 3, 3, 1, 1}},     {"resnet_32_64_s2", {16, 16, 32, 64, 3, 3, 2, 1}},
    {"resnet_64", {8, 8, 64, 64, 3, 3, 1, 1}},       {"resnet_short_32", {32, 32, 16, 32, 1, 1, 2, 0}},
    {"resnet_short_64", {16, 16, 32, 64, 1, 1, 2, 0}},
};

AlignedVector<float> normal(int64_t size, uint32_t stream) {
  AlignedVector<float> values(static_cast<std::size_t>(size));
  Random random(1, stream, 0, Purpose::synthetic_data);
  for (float& value : values) value = float(random.normal());
  return values;
}

enum class Direction { forward, input_gradient, filter_gradient };

void run(benchmark::State& state, const Problem& problem, Direction direction, int64_t n) {
  Host host(problem, true, true, true);
  auto x = normal(problem.x_size(n), 0), y = normal(problem.y_size(n), 1);
  auto filter = normal(problem.filter_size(), 2), bias = normal(problem.k, 3);
  for (auto _ : state) {
    if (direction != Direction::filter_gradient) host.set_filter(filter.data(), bias.data());
    if (direction == Direction::forward) host.forward(n, x.data(), y.data());
    if (direction == Direction::input_gradient) host.backward_input(n, y.data(), x.data());
    if (direction == Direction::filter_gradient) host.backward_filter(n, x.data(), y.data(), filter.data(), bias.data(), false);
    benchmark::ClobberMemory();
  }
  state.counters["GFLOP/s"] = benchmark::Counter(problem.flops_forward(n) / 1e9, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace
}  // namespace skewbench::conv2d

int main(int argc, char** argv) {
  using namespace skewbench::conv2d;
  const std::pair<const char*, Direction> directions[] = {
      {"forward", Direction::forward}, {"input", Direction::input_gradient}, {"filter", Direction::filter_gradient}};
  for (const Layer& layer : kLayers)
    for (const auto& [name, direction] : directions)
      for (int64_t n : {8, 32})
        benchmark::RegisterBenchmark((std::string(layer.name) + "/" + name + "/n:" + std::to_string(n)).c_str(),
                                     [&layer, direction = direction, n](benchmark::State& state) {
                                       run(state, layer.problem, direction, n);
                                     });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
