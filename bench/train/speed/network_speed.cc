#include "bench/train/speed/network_speed.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bench/train/models/models.h"
#include "bench/train/speed/clock.h"
#include "bench/train/speed/fma_peak.h"
#include "bench/train/speed/verdict.h"
#include "bench/train/tasks/network_task.h"
#include "kernels/base/aligned.h"
#include "kernels/base/random.h"
#include "kernels/sgd/sgd.h"

namespace skewbench::train {
namespace {

struct Case {
  const char* model;
  Norm norm;
  Shape input;
  const char* name;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {{"resnet20", Norm::group, {32, 32, 3}, "resnet20/group 32x32x3"},
                                        {"lenet", Norm::group, {28, 28, 1}, "lenet/group 28x28x1"},
                                        {"lenet", Norm::none, {28, 28, 1}, "lenet/none 28x28x1"},
                                        {"resnet20", Norm::batch, {32, 32, 3}, "resnet20/batch 32x32x3"}};
  return all;
}

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

struct Seconds {
  double step = 0, forward = 0, backward = 0, update = 0;
};

bool measure(const Case& c, const NetworkSpeedOptions& options, double peak) {
  Architecture architecture = make_architecture(c.model, {.input = c.input, .classes = 10, .norm = c.norm});
  if (options.micro_batch > 0) architecture.micro_batch = options.micro_batch;
  const auto channels = static_cast<std::size_t>(c.input.c);
  const InputTransform transform{std::vector<float>(channels, 127.5f), std::vector<float>(channels, 1 / 64.0f)};
  NetworkTask task(architecture, transform, Kernels::host), reference(architecture, transform, Kernels::ref);
  const Network& network = task.network();

  Random random(1, 0, 0, Purpose::synthetic_data);
  std::vector<std::byte> images(static_cast<std::size_t>(options.batch * c.input.size()));
  std::vector<int32_t> labels(static_cast<std::size_t>(options.batch));
  for (std::byte& byte : images) byte = static_cast<std::byte>(random.bits());
  for (int32_t& label : labels) label = static_cast<int32_t>(random.below(10));
  const Batch batch{options.batch, images.data(), labels.data(), nullptr};
  const auto size = static_cast<std::size_t>(task.layout().size());
  AlignedVector<float> x(size), gradient(size), momentum(size);
  task.initial_parameters(1, x.data());

  const int64_t checked = std::min<int64_t>(options.batch, 9);  // plain loops take seconds for a whole batch
  int64_t next = 0;
  const Verdict verdict = check_gradient(task, reference, x.data(), [&] {
    const int64_t first = next++ * checked % (options.batch - checked + 1);
    return Batch{checked, images.data() + first * c.input.size(), labels.data() + first, nullptr};
  });
  fmt::print("{:<10}{:<23}", to_string(verdict), c.name);
  if (verdict != Verdict::passed) {
    fmt::print("its gradient is not that of plain loops\n");
    return false;
  }
  const sgd::Options sgd_options{.lr = 1e-3, .momentum = 0.9, .weight_decay = 1e-4};
  const auto step = [&] {
    const double start = now(), forward = network.forward_seconds(), backward = network.backward_seconds();
    task.loss_and_gradient(x.data(), batch, gradient.data());
    const double middle = now();
    sgd::step_host(task.layout(), sgd_options, x.data(), gradient.data(), momentum.data(), x.data(), true);
    const double end = now();
    return Seconds{end - start, network.forward_seconds() - forward, network.backward_seconds() - backward, end - middle};
  };
  const double first = step().step;  // makes the plans
  const double warm = step().step;
  const std::vector<LayerSeconds> before = network.layer_seconds();
  const int64_t inner = std::max<int64_t>(1, static_cast<int64_t>(0.05 / warm));
  std::vector<double> steps, forwards, backwards, updates;  // [repetition], means of its inner steps
  for (int64_t repetition = 0; repetition < options.repetitions; ++repetition) {
    Seconds sum;
    for (int64_t i = 0; i < inner; ++i) {
      const Seconds seconds = step();
      sum.step += seconds.step, sum.forward += seconds.forward, sum.backward += seconds.backward, sum.update += seconds.update;
    }
    const auto count = static_cast<double>(inner);
    steps.push_back(sum.step / count);
    forwards.push_back(sum.forward / count);
    backwards.push_back(sum.backward / count);
    updates.push_back(sum.update / count);
  }
  const double seconds = median(steps), samples = static_cast<double>(options.batch);
  const double rate = task.flops_per_sample() * samples / seconds;
  fmt::print("{:>9.0f}{:>8.1f}{:>7.1f}{:>8.2f}{:>8.2f}{:>7.3f}\n", samples / seconds, 1e-9 * rate, 100 * rate / peak,
             1e3 * median(forwards), 1e3 * median(backwards), 1e3 * median(updates));
  if (options.layers) {
    fmt::print("    first step {:.0f} ms, {:.2f} MFLOP a sample\n", 1e3 * first, 1e-6 * task.flops_per_sample());
    print_layers(network, before, peak, static_cast<double>(options.repetitions * inner) * samples);
  }
  return true;
}

}  // namespace

bool measure_networks(const NetworkSpeedOptions& options) {
  const double peak = fma_peak();
  fmt::print("# The network alone: forward, backward and update of one worker, batch {}\n", options.batch);
  fmt::print("# FMA peak of the core: {:.1f} GFLOP/s float32; medians of {}\n", 1e-9 * peak, options.repetitions);
  fmt::print("{:<33}{:>9}{:>8}{:>7}{:>8}{:>8}{:>7}\n", "# verdict network", "samples/s", "GFLOP/s", "% peak", "fwd ms",
             "bwd ms", "upd ms");
  const CoreShare core;
  bool is_right = true;
  for (const Case& c : cases()) is_right &= measure(c, options, peak);
  fmt::print("{}# Nothing is required here: the requirements are those of whole training steps.\n", quietness(core.value()));
  fmt::print("# Work counts filter taps on the padding, which kernels may skip: > 100 % is possible.\n");
  return is_right;
}

}  // namespace skewbench::train
