#include "partitions/dataset.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "kernels/base/error.h"
#include "partitions/loaders.h"

namespace skewbench::partitions {
namespace {

constexpr const char* kFashionMnistDirectory = "/usr/share/datasets/fashion-mnist";  // Debian's dataset-fashion-mnist
constexpr const char* kCifar10Directory = "/usr/share/datasets/cifar-10";

// Exact sums of the bytes, so the order of summation does not matter.
void measure_channels(Dataset& dataset) {
  const auto channels = static_cast<std::size_t>(dataset.shape.dims[2]);
  std::vector<uint64_t> sum(channels), sum_of_squares(channels);
  const auto* values = reinterpret_cast<const uint8_t*>(dataset.train.samples.data());
  for (std::size_t i = 0; i < dataset.train.samples.size(); i += channels) {
    for (std::size_t c = 0; c < channels; ++c) {
      const uint64_t value = values[i + c];
      sum[c] += value;
      sum_of_squares[c] += value * value;
    }
  }
  const auto pixels = static_cast<double>(dataset.train.samples.size() / channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(sum[c]) / pixels;
    const double variance = static_cast<double>(sum_of_squares[c]) / pixels - mean * mean;
    dataset.channel_mean.push_back(mean);
    dataset.channel_std.push_back(std::sqrt(std::max(variance, 0.0)));
  }
}

}  // namespace

int64_t element_bytes(SampleType type) {
  switch (type) {
    case SampleType::u8: return 1;
    case SampleType::f32: return 4;
    case SampleType::i32: return 4;
    case SampleType::f64: return 8;
  }
  fail("sample type {} does not exist", static_cast<int>(type));
}

int64_t SampleShape::elements() const {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
}

int64_t SampleShape::bytes() const { return elements() * element_bytes(type); }

Dataset load_dataset(const std::string& name, const std::string& data_dir, uint64_t seed) {
  const NameWithArgument parts = split_argument(name);
  const std::string recipe = parts.has_argument ? parts.argument : kSyntheticRecipe;
  const bool is_synthetic = parts.name == "synthetic";
  if (!is_synthetic && name != "fashion_mnist" && name != "cifar10") {
    fail_unknown("dataset", name, {"fashion_mnist", "cifar10", "synthetic"});
  }
  const auto folder = [&](const char* standard) { return data_dir.empty() ? standard : data_dir; };
  Dataset dataset = is_synthetic              ? make_synthetic(recipe, seed)
                    : name == "fashion_mnist" ? load_fashion_mnist(folder(kFashionMnistDirectory))
                                              : load_cifar10(folder(kCifar10Directory));
  dataset.name = name;
  measure_channels(dataset);
  return dataset;
}

std::vector<Named> list_datasets() {
  return {
      {"fashion_mnist",
       fmt::format(
           "60,000 + 10,000 images of clothes, 28x28x1, 10 classes: gzipped or plain IDX files, by default in {}",
           kFashionMnistDirectory)},
      {"cifar10",
       fmt::format("50,000 + 10,000 photographs, 32x32x3, 10 classes: the binary version's files, by default in {}",
                   kCifar10Directory)},
      {"synthetic:HxWxC,CLASSES,TRAIN,TEST",
       fmt::format("smooth patterns with noise, made up from the seed; without a recipe {}", kSyntheticRecipe)},
  };
}

}  // namespace skewbench::partitions
