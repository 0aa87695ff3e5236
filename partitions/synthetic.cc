#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/base/error.h"
#include "kernels/base/random.h"
#include "partitions/loaders.h"

namespace skewbench::partitions {
namespace {

constexpr int kWaves = 4, kMaxPeriods = 3;
constexpr double kContrast = 60, kNoise = 60;  // grey levels
constexpr int64_t kMaxBytes = int64_t{1} << 36;

enum Stream : uint32_t { kPatterns = 0, kTrain = 1, kTest = 2 };  // the "worker" of the random numbers

struct Recipe {
  int64_t height, width, channels, classes, train, test;
};

Recipe parse_recipe(const std::string& text) {
  std::vector<int64_t> numbers;
  std::string separators;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(text.find_first_of("x,", begin), text.size());
    numbers.push_back(parse_integer(text.substr(begin, end - begin), "synthetic:HxWxC,CLASSES,TRAIN,TEST"));
    if (end == text.size()) break;
    separators += text[end];
    begin = end + 1;
  }
  REQUIRE(separators == "xx,,,", "synthetic data is described by HxWxC,CLASSES,TRAIN,TEST, not '{}'", text);
  const Recipe recipe{numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
  constexpr int64_t kMaxSide = 1 << 14, kMaxCount = 1 << 30;
  const bool is_sound = std::ranges::all_of(numbers, [](int64_t n) { return n >= 1; }) && recipe.height <= kMaxSide &&
                        recipe.width <= kMaxSide && recipe.channels <= kMaxSide && recipe.classes <= kMaxSide &&
                        recipe.train <= kMaxCount && recipe.test <= kMaxCount &&
                        recipe.height * recipe.width * recipe.channels <= kMaxBytes / (recipe.train + recipe.test);
  REQUIRE(is_sound, "synthetic data '{}' has a number that is zero, negative or too large (64 GiB in all)", text);
  return recipe;
}

// One pattern per class, [H, W, C], of about unit variance.
using Pattern = std::vector<float>;

Pattern draw_pattern(const Recipe& recipe, Random random) {
  Pattern pattern(static_cast<std::size_t>(recipe.height * recipe.width * recipe.channels));
  for (int64_t c = 0; c < recipe.channels; ++c) {
    for (int wave = 0; wave < kWaves; ++wave) {
      // Whole periods, so the pattern wraps around; not both zero, so it is no constant.
      const auto down = static_cast<double>(random.below(kMaxPeriods + 1));
      const auto right = static_cast<double>(random.below(kMaxPeriods + (down > 0)) + (down == 0));
      const double phase = random.uniform();
      for (int64_t h = 0; h < recipe.height; ++h) {
        for (int64_t w = 0; w < recipe.width; ++w) {
          const double turns = down * static_cast<double>(h) / static_cast<double>(recipe.height) +
                               right * static_cast<double>(w) / static_cast<double>(recipe.width) + phase;
          pattern[static_cast<std::size_t>((h * recipe.width + w) * recipe.channels + c)] +=
              static_cast<float>(std::cos(2.0 * std::numbers::pi * turns) * std::sqrt(2.0 / kWaves));
        }
      }
    }
  }
  return pattern;
}

Split make_split(const Recipe& recipe, const std::vector<Pattern>& patterns, int64_t count, uint64_t seed,
                 Stream stream) {
  const int64_t row = recipe.width * recipe.channels, image = recipe.height * row;
  Split split;
  split.count = count;
  split.samples.resize(static_cast<std::size_t>(count * image));
  auto* out = reinterpret_cast<uint8_t*>(split.samples.data());
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(i % recipe.classes);
    split.labels.push_back(label);
    const float* pattern = patterns[static_cast<std::size_t>(label)].data();
    Random random(seed, stream, static_cast<uint32_t>(i), Purpose::synthetic_data);
    const auto down = static_cast<int64_t>(random.below(static_cast<uint64_t>(recipe.height / 8 + 1)));
    const auto right = static_cast<int64_t>(random.below(static_cast<uint64_t>(recipe.width / 8 + 1)));
    for (int64_t h = 0; h < recipe.height; ++h) {
      const float* source = pattern + (h + down) % recipe.height * row;
      for (int64_t j = 0; j < row; ++j) {
        const double noise = kNoise * (static_cast<double>(random.bits()) * 0x1p-31 - 1.0);
        const double value = 128.0 + kContrast * source[(j + right * recipe.channels) % row] + noise;
        *out++ = static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
      }
    }
  }
  return split;
}

}  // namespace

Dataset make_synthetic(const std::string& recipe_text, uint64_t seed) {
  const Recipe recipe = parse_recipe(recipe_text);
  std::vector<Pattern> patterns;
  for (int64_t k = 0; k < recipe.classes; ++k) {
    patterns.push_back(
        draw_pattern(recipe, Random(seed, kPatterns, static_cast<uint32_t>(k), Purpose::synthetic_data)));
  }
  Dataset dataset;
  dataset.name = "synthetic";
  dataset.shape = {SampleType::u8, {recipe.height, recipe.width, recipe.channels}};
  dataset.classes = static_cast<int>(recipe.classes);
  dataset.source = fmt::format("synthetic:{}x{}x{},{},{},{} with seed {}", recipe.height, recipe.width, recipe.channels,
                               recipe.classes, recipe.train, recipe.test, seed);
  dataset.train = make_split(recipe, patterns, recipe.train, seed, kTrain);
  dataset.test = make_split(recipe, patterns, recipe.test, seed, kTest);
  return dataset;
}

}  // namespace skewbench::partitions
