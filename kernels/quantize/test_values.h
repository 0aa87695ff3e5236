// Vectors that codecs have trouble with, and comparisons of messages. Included by tests only.
#pragma once

#include <cfloat>
#include <utility>
#include <vector>

#include "kernels/base/philox.h"
#include "kernels/base/test_arrays.h"

namespace skewbench::quantize {

using Values = AlignedVector<float>;
using Message = std::vector<uint32_t>;

/// For INSTANTIATE_TEST_SUITE_P over structs with a name.
inline constexpr auto name_of_version = [](const auto& info) { return info.param.name; };

struct NamedValues {
  const char* name;
  Values values;
};

/// Normals of small and of ordinary size, zeros of both signs, denormals, one outlier, the largest numbers.
inline std::vector<NamedValues> finite_values(int64_t count) {
  const auto map = [&](auto of) {
    Values values = test_arrays::normals<float>(count, 11);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = of(i, values[i]);
    return values;
  };
  return {
      {"normals", map([](std::size_t, float v) { return v; })},
      {"small normals with zeros", map([](std::size_t i, float v) { return i % 3 == 0 ? (i % 2 ? -0.0f : 0.0f) : 1e-20f * v; })},
      {"zeros", map([](std::size_t i, float) { return i % 2 ? -0.0f : 0.0f; })},
      {"denormals", map([](std::size_t i, float v) { return static_cast<float>(i % 5 + 1) * (v < 0 ? -FLT_TRUE_MIN : FLT_TRUE_MIN); })},
      {"one outlier", map([&](std::size_t i, float v) { return i == static_cast<std::size_t>(count / 2) ? -1e30f : v; })},
      {"equal magnitudes", map([](std::size_t, float v) { return v < 0 ? -0.1f : 0.1f; })},
      {"the largest numbers", map([](std::size_t i, float) { return i % 3 ? FLT_MAX : -FLT_MAX; })},
  };
}

/// Normals with one number that is not finite: at the start, in the middle, at the end.
inline std::vector<NamedValues> not_finite_values(int64_t count) {
  std::vector<NamedValues> result;
  const auto put = [&](const char* name, int64_t at, float value) {
    Values values = test_arrays::normals<float>(count, 12);
    values[static_cast<std::size_t>(at)] = value;
    result.push_back({name, std::move(values)});
  };
  put("NaN first", 0, std::nanf(""));
  put("negative NaN in the middle", count / 2, -std::nanf("7"));
  put("infinity last", count - 1, -INFINITY);
  return result;
}

inline ::testing::AssertionResult same_words(std::span<const uint32_t> got, std::span<const uint32_t> want) {
  if (got.size() != want.size()) return ::testing::AssertionFailure() << got.size() << " words instead of " << want.size();
  for (std::size_t i = 0; i < want.size(); ++i)
    if (got[i] != want[i]) return ::testing::AssertionFailure() << fmt::format("word {} of {}: {:08x} instead of {:08x}", i, want.size(), got[i], want[i]);
  return ::testing::AssertionSuccess();
}

/// The bits of every number; any NaN for a NaN, since devices differ in the one they compute.
inline ::testing::AssertionResult same_floats(std::span<const float> got, std::span<const float> want) {
  if (got.size() != want.size()) return ::testing::AssertionFailure() << got.size() << " numbers instead of " << want.size();
  for (std::size_t i = 0; i < want.size(); ++i)
    if (std::memcmp(&got[i], &want[i], 4) != 0 && !(std::isnan(got[i]) && std::isnan(want[i])))
      return ::testing::AssertionFailure() << fmt::format("number {} of {}: {:.9g} instead of {:.9g}", i, want.size(), got[i], want[i]);
  return ::testing::AssertionSuccess();
}

/// Numbers in [0, 1) that are rounded up by their draw with nothing to spare, or not at all with nothing missing: of the elements whose
/// draw is below 2^24, so that draw / 2^32 is a float, by turns (draw + 1) / 2^32 and draw / 2^32. The others are 0, and every
/// 32nd is 1. As levels of a scale of 1, the first become 1 and the second 0.
inline Values at_their_draws(int64_t count, const Draws& draws) {
  Values values(static_cast<std::size_t>(count));
  bool up = false;
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t draw = draws.of(i);
    if (i % 32 == 0) values[static_cast<std::size_t>(i)] = 1;
    else if (draw < (1u << 24)) values[static_cast<std::size_t>(i)] = static_cast<float>(draw + ((up = !up) ? 1 : 0)) * 0x1p-32f;
  }
  return values;
}

/// A draw of the stream Draws(3, 1, step) that lies on the threshold of a byte, found by search: with one bit on [0, range], `byte` is
/// rounded up where draw < ceil(byte * 2^32 / range), and the draw of `element` is that threshold, or one less.
struct DrawAtByte {
  uint32_t step;
  int64_t element;
  int32_t range, byte;
  bool is_up;

  uint32_t threshold() const { return static_cast<uint32_t>(((static_cast<uint64_t>(byte) << 32) + static_cast<uint64_t>(range) - 1) / static_cast<uint64_t>(range)); }
  /// The stream in which that draw is element `at`, at % 4 == element % 4.
  Draws moved_to(int64_t at) const { return Draws(3, 1, step, Purpose::codec, element - at); }
};
inline constexpr DrawAtByte kDrawsAtBytes[] = {  // elements of all four remainders, up and not
    {242, 1541, 253, 104, false}, {549, 1030, 155, 9, false}, {136, 2231, 169, 40, false}, {139, 3192, 247, 229, false},
    {64, 108, 239, 125, true},    {79, 3349, 241, 38, true},  {54, 3094, 241, 218, true},  {51, 1647, 196, 125, true},
};

/// Small normals in which a number that is missed, or taken from behind, changes every norm: what begins a group is larger than all
/// before it, and so is the last of all.
inline Values climbing(int64_t count, uint32_t stream) {
  Values values = test_arrays::normals<float>(count, stream);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 32 == 0 || i + 1 == values.size() ? 0.1f + 0.001f * static_cast<float>(i) : 0.01f * values[i];
  return values;
}

/// How many standard deviations of the mean lie between the mean of the draws and `expected`; `variance` is that of a draw.
inline double z_score(std::span<const float> draws, double expected, double variance) {
  double sum = 0;
  for (const float draw : draws) sum += double(draw) - expected;
  return sum / std::sqrt(variance * double(draws.size()));
}

}  // namespace skewbench::quantize
