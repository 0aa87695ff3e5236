// build/bin/bench_train: how fast whole training steps of the networks run on one core, as a share of what the core can do.
//
// The peak is measured in the same run, by independent chains of fused multiply-adds in registers. A step is forward,
// backward and update of one worker at batch 32. FLOPs are 2 x multiply-adds of convolutions and linear layers only, three
// times forward less the first layer's input gradient; so norms, pooling and the update count as time without work. Taps on
// the padding count as work, as everywhere, but a kernel may skip them: a third of them on a 7x7 image under a 5x5 filter.
// So a network of small images can come out above 100 %.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <numeric>
#include <string>
#include <vector>

#include "bench/train/models/models.h"
#include "kernels/base/random.h"
#include "kernels/sgd/sgd.h"

namespace skewbench::train {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// One register as wide as this build's instruction set has them.
#ifdef __AVX512F__
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

// FLOP/s of float32 fused multiply-adds on this core: twelve chains, more than latency times throughput of any core.
double fma_peak() {
  constexpr int kChains = 12, kRounds = 200'000;
  Lanes sums[kChains], factor, term;
  for (int lane = 0; lane < kLanes; ++lane) factor[lane] = 0.999f, term[lane] = 0.001f;
  for (Lanes& sum : sums) sum = term;
  double best = 0;
  for (int repetition = 0; repetition < 50; ++repetition) {
    const double start = now();
    for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
      for (int chain = 0; chain < kChains; ++chain)
        for (int lane = 0; lane < kLanes; ++lane)
          sums[chain][lane] = std::fma(sums[chain][lane], factor[lane], term[lane]);
    }
    best = std::max(best, 2.0 * kLanes * kChains * kRounds / (now() - start));
    asm volatile("" : : "m"(sums));  // the sums are wanted
  }
  return best;
}

struct Case {
  std::string model;
  Norm norm;
  Shape input;
  const char* name;
};

struct Times {
  std::vector<double> step, forward, backward, update;  // seconds of one step, one entry a repetition
};

struct Settings {
  int64_t batch = 32, repetitions = 15, micro_batch = 0;
  bool layers = false;
};

// Microseconds a sample.
void print_layers(const Network& network, const std::vector<LayerSeconds>& before, double peak, double samples) {
  fmt::print("    {:<24}{:>12}{:>12}{:>12}\n", "layer", "forward us", "backward us", "% of peak");
  for (std::size_t i = 0; i < network.architecture().nodes().size(); ++i) {
    const LayerNode& node = network.architecture().nodes()[i];
    const double forward = network.layer_seconds()[i].forward - before[i].forward;
    const double backward = network.layer_seconds()[i].backward - before[i].backward;
    const auto* conv = std::get_if<ConvLayer>(&node.kind);
    const double flops = conv ? conv->problem.flops_forward(1) * (node.input == 0 ? 2 : 3) * samples : 0;
    const double share = 100 * flops / (forward + backward) / peak;
    fmt::print("    {:<24}{:>12.2f}{:>12.2f}{:>12}\n", node.name, 1e6 * forward / samples, 1e6 * backward / samples,
               conv ? fmt::format("{:.0f}", share) : "");
  }
}

void run(const Case& c, const Settings& settings, double peak) {
  Architecture architecture = make_architecture(c.model, {.input = c.input, .classes = 10, .norm = c.norm});
  const auto channels = static_cast<std::size_t>(c.input.c);
  Network network(architecture, {std::vector<float>(channels, 127.5f), std::vector<float>(channels, 1 / 64.0f)},
                  Kernels::host);
  if (settings.micro_batch > 0) network.set_micro_batch(settings.micro_batch);

  const auto size = static_cast<std::size_t>(network.layout().size());
  AlignedVector<float> x(size), gradient(size), momentum(size);
  network.initial_parameters(1, x.data());
  Random random(1, 0, 0, Purpose::synthetic_data);
  std::vector<uint8_t> images(static_cast<std::size_t>(settings.batch * c.input.size()));
  std::vector<int32_t> labels(static_cast<std::size_t>(settings.batch));
  for (uint8_t& byte : images) byte = static_cast<uint8_t>(random.bits());
  for (int32_t& label : labels) label = static_cast<int32_t>(random.below(10));

  const sgd::Options options{.lr = 1e-3, .momentum = 0.9, .weight_decay = 1e-4};
  Times times;
  auto step = [&] {
    const double start = now(), forward = network.forward_seconds(), backward = network.backward_seconds();
    network.loss_and_gradient(x.data(), settings.batch, images.data(), labels.data(), nullptr, gradient.data(),
                              nullptr);
    const double middle = now();
    sgd::step_host(network.layout(), options, x.data(), gradient.data(), momentum.data(), x.data(), true);
    const double end = now();
    return std::vector<double>{end - start, network.forward_seconds() - forward, network.backward_seconds() - backward,
                               end - middle};
  };
  const double first = step()[0];  // makes the plans
  const double warm = step()[0];
  const std::vector<LayerSeconds> before = network.layer_seconds();
  const int64_t inner = std::max<int64_t>(1, static_cast<int64_t>(0.05 / warm));
  for (int64_t repetition = 0; repetition < settings.repetitions; ++repetition) {
    std::vector<double> sums(4);
    for (int64_t i = 0; i < inner; ++i) {
      const std::vector<double> seconds = step();
      for (std::size_t k = 0; k < 4; ++k) sums[k] += seconds[k] / static_cast<double>(inner);
    }
    times.step.push_back(sums[0]);
    times.forward.push_back(sums[1]);
    times.backward.push_back(sums[2]);
    times.update.push_back(sums[3]);
  }
  const double seconds = median(times.step), samples = static_cast<double>(settings.batch);
  const double rate = network.architecture().flops_per_sample() * samples / seconds;
  fmt::print("{:<26}{:>9.0f}{:>10.1f}{:>8.1f}{:>9.2f}{:>9.2f}{:>9.3f}\n", c.name, samples / seconds, 1e-9 * rate,
             100 * rate / peak, 1e3 * median(times.forward), 1e3 * median(times.backward), 1e3 * median(times.update));
  if (settings.layers) {
    fmt::print("    first step {:.0f} ms, {:.2f} MFLOP a sample\n", 1e3 * first,
               1e-6 * network.architecture().flops_per_sample());
    print_layers(network, before, peak, static_cast<double>(settings.repetitions * inner) * samples);
  }
}

}  // namespace
}  // namespace skewbench::train

int main(int argc, char** argv) {
  using namespace skewbench::train;
  Settings settings;
  CLI::App app("Training steps of whole networks on one core, as a share of its measured FMA peak");
  app.add_option("--batch", settings.batch, "samples per step")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--repetitions", settings.repetitions, "the median of this many is printed")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--micro-batch", settings.micro_batch, "samples at a time; 0: each model's own")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--layers", settings.layers, "also print where the time goes, layer by layer");
  CLI11_PARSE(app, argc, argv);
  try {
    const double peak = fma_peak();
    fmt::print("# FMA peak of a core, measured: {:.1f} GFLOP/s float32; batch {}, one thread\n", 1e-9 * peak,
               settings.batch);
    fmt::print("{:<26}{:>9}{:>10}{:>8}{:>9}{:>9}{:>9}\n", "# network", "samples/s", "GFLOP/s", "% peak", "forward",
               "backward", "update");
    fmt::print("{:<26}{:>9}{:>10}{:>8}{:>9}{:>9}{:>9}\n", "#", "per core", "", "", "ms", "ms", "ms");
    const std::vector<Case> cases = {
        {"resnet20", skewbench::train::Norm::group, {32, 32, 3}, "resnet20 group 32x32x3"},
        {"lenet", skewbench::train::Norm::group, {28, 28, 1}, "lenet group 28x28x1"},
        {"lenet", skewbench::train::Norm::none, {28, 28, 1}, "lenet none 28x28x1"},
        {"resnet20", skewbench::train::Norm::batch, {32, 32, 3}, "resnet20 batch 32x32x3"}};
    for (const Case& c : cases) run(c, settings, peak);
    fmt::print("# Work counts filter taps on the padding, which kernels may skip: > 100 % is possible.\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_train: {}\n", error.what());
    return 1;
  }
  return 0;
}
