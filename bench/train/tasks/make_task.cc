#include "bench/train/tasks/make_task.h"

#include "bench/train/models/models.h"
#include "bench/train/settings.h"
#include "bench/train/tasks/copy_through_task.h"
#include "bench/train/tasks/network_task.h"
#include "bench/train/tasks/quadratics.h"
#include "kernels/base/error.h"

namespace skewbench::train {

namespace {

// Random quadratics as in figure 2 of the RelaySum paper: d = 10, zeta^2 = 1, r_0 = 100 (results/published/relaysum_fig2_quadratics.csv).
constexpr int64_t kDimension = 10;
constexpr double kZeta2 = 1, kDistance = 100;

constexpr const char* kQuadraticsSentence =
    "one quadratic function a worker in double, f_i(x) = |A_i x - b_i|^2 / 2: random ones, or --data FILE.h5 with A, b, x0";

std::vector<Named> with_quadratics(std::vector<Named> table) {
  table.push_back({"quadratics", kQuadraticsSentence});
  return table;
}

QuadraticsData quadratics_of(const Settings& settings) {
  const std::string& path = settings.options.text("data");
  if (path.empty()) return random_quadratics(settings.workers, kDimension, kZeta2, kDistance, settings.hyper.seed);
  QuadraticsData data = load_quadratics(path);
  REQUIRE(data.workers == settings.workers, "{} holds the functions of {} workers, not of {} (--workers)", path, data.workers,
          settings.workers);
  return data;
}

/// What a network sees of a byte: (byte - mean) / std per channel of the training set. (The published LeNet is fed bytes
/// less a mean image; with a norm behind its first convolution the scale makes little difference: 80.0 against 79.4 % in
/// three epochs of all_reduce_sgd on Fashion-MNIST.)
InputTransform input_transform(const partitions::Dataset& dataset) {
  InputTransform transform;
  for (std::size_t c = 0; c < dataset.channel_mean.size(); ++c) {
    REQUIRE(dataset.channel_std[c] > 0, "channel {} of {} is constant: it cannot be scaled to unit variance", c, dataset.name);
    transform.mean.push_back(static_cast<float>(dataset.channel_mean[c]));
    transform.scale.push_back(static_cast<float>(1 / dataset.channel_std[c]));
  }
  return transform;
}

}  // namespace

std::vector<Named> list_all_datasets() { return with_quadratics(partitions::list_datasets()); }
std::vector<Named> list_all_models() { return with_quadratics(list_models()); }

CaseData load_case(const Settings& settings) {
  CaseData data;
  if (settings.is_quadratics) {
    const std::string& path = settings.options.text("data");
    data.dataset = quadratics_dataset(quadratics_of(settings), "quadratics", path.empty() ? "random" : path);
    for (int64_t i = 0; i < settings.workers; ++i) data.partition.push_back({i});
    return data;
  }
  data.dataset = partitions::load_dataset(settings.options.text("dataset"), settings.options.text("data"), settings.hyper.seed);
  data.partition = partitions::make_partition(settings.options.text("skew"), data.dataset.train.labels, data.dataset.classes,
                                              settings.workers, settings.hyper.seed);
  return data;
}

template <>
std::unique_ptr<Task<double>> make_task(const Settings& settings, const partitions::Dataset&, Memory) {
  return std::make_unique<Quadratics>(quadratics_of(settings).x0);
}

template <>
std::unique_ptr<Task<float>> make_task(const Settings& settings, const partitions::Dataset& dataset, Memory memory) {
  const auto& dims = dataset.shape.dims;
  const ModelOptions options{.input = {dims[0], dims[1], dims[2]}, .classes = dataset.classes, .norm = settings.norm,
                             .groups = settings.groups, .frozen_statistics = settings.hyper.freeze_statistics,
                             .start_from_fan_in = settings.options.text("init") == "fan-in"};
  Architecture architecture = make_architecture(settings.options.text("model"), options);
  const InputTransform transform = input_transform(dataset);
  const Kernels kernels = settings.hyper.plain_loops ? Kernels::ref : Kernels::host;
  if (!memory.on_device()) return std::make_unique<NetworkTask>(std::move(architecture), transform, kernels);
  if (kernels == Kernels::ref)
    return std::make_unique<CopyThroughTask>(std::make_unique<NetworkTask>(std::move(architecture), transform, kernels), memory);
  return std::make_unique<NetworkTask>(std::move(architecture), transform, make_cuda_kernels(memory.queue()));
}

}  // namespace skewbench::train
