// What every CUDA version of a layer's three products must pass: conv2d's and linear's tests. Included by tests only.
//
// A `Direction` is one product of a layer:
//   Version, Case, kName      device::Version<Arguments>, a shape, the operation's name in refusals
//   reference(case, in, extras) -> Array    the product, and the bias gradient behind it where there is one
//   run(version, case, in, extras, shift, input) -> vector    the same from the device; outputs are `shift` floats off
//                             their alignment, input(array) makes an input
// And there are sizes(const Case&) and text(const Case&).
#pragma once

#include <initializer_list>
#include <string_view>

#include "kernels/base/cudnn_support.h"
#include "kernels/base/device_arrays.h"

namespace skewbench::product_tests {

using test_arrays::DeviceArray;
using test_arrays::ExactInput;
using test_arrays::same_bits;
using test_arrays::same_numbers;
using test_arrays::within;
using Array = AlignedVector<float>;

struct Sizes {
  int64_t x, filter, k, y;
};
struct Inputs {
  Array x, filter, bias, dy, dfilter, dbias;  // the last two: what is added to
};

/// Integers up to these; their products and sums stay exact.
struct Limits {
  int x = 3, filter = 2, dy = 2;
};
inline Inputs integers(const Sizes& sizes, const Limits& limits = {}) {
  using test_arrays::small_integers;
  return {small_integers<float>(sizes.x, limits.x, 0), small_integers<float>(sizes.filter, limits.filter, 1), small_integers<float>(sizes.k, 9, 2),
          small_integers<float>(sizes.y, limits.dy, 3), small_integers<float>(sizes.filter, 9, 4), small_integers<float>(sizes.k, 9, 5)};
}
inline Inputs randoms(const Sizes& sizes) {
  using test_arrays::normals;
  return {normals<float>(sizes.x, 0), normals<float>(sizes.filter, 1), normals<float>(sizes.k, 2),
          normals<float>(sizes.y, 3), normals<float>(sizes.filter, 4), normals<float>(sizes.k, 5)};
}
inline Inputs magnitudes(const Inputs& in) {
  using test_arrays::magnitudes;
  return {magnitudes(in.x), magnitudes(in.filter), magnitudes(in.bias), magnitudes(in.dy), magnitudes(in.dfilter), magnitudes(in.dbias)};
}

/// What may accompany a product: the bias or its gradient, and the ReLU or accumulation.
struct Extras {
  bool bias, relu_or_accumulate;
};
inline constexpr Extras kExtras[] = {{false, false}, {true, true}, {true, false}, {false, true}};
inline constexpr Extras kWithBias{true, false};

inline constexpr auto kExact = [](const Array& values) { return ExactInput<float>(values); };
inline constexpr auto kShifted = [](const Array& values) { return DeviceArray<float>(values, 1); };

template <class Direction>
std::vector<float> run(const typename Direction::Version& version, const typename Direction::Case& at, const Inputs& in, Extras extras = kWithBias) {
  return Direction::run(version, at, in, extras, 0, kExact);
}

template <class Version>
bool is_tf32(const Version& version) { return std::string_view(version.idea) == "tf32"; }

/// In units of epsilon(float) times the sum of magnitudes; 4 is the float32 sum's. 3xtf32 leaves out 2^-22 of a product and rounds
/// both operands by 2^-22: 3 x 2 epsilon more. tf32 rounds both operands by up to 2^-11: 2^-10 is 8192 epsilon more.
constexpr double kFloat = 4, kThreeTf32 = kFloat + 6, kTf32 = kFloat + 8192;
template <class Version>
double bound_of(const Version& version) { return is_tf32(version) ? kTf32 : std::string_view(version.idea) == "3xtf32" ? kThreeTf32 : kFloat; }

template <class Direction>
void exact_on_integers(const typename Direction::Version& version, std::span<const typename Direction::Case> cases) {
  std::size_t number = 0;
  for (const auto& at : cases) {
    SCOPED_TRACE(text(at));
    const Inputs in = integers(sizes(at));
    const Extras extras = kExtras[number++ % std::size(kExtras)];
    EXPECT_TRUE(same_numbers(run<Direction>(version, at, in, extras), Direction::reference(at, in, extras)));
  }
}

/// With a bias or its gradient and without, times ReLU or accumulation: split and unsplit sums finish in different kernels.
template <class Direction>
void exact_with_every_extra(const typename Direction::Version& version, std::span<const typename Direction::Case> cases) {
  for (const auto& at : cases) {
    SCOPED_TRACE(text(at));
    const Inputs in = integers(sizes(at));
    for (const Extras extras : kExtras) EXPECT_TRUE(same_numbers(run<Direction>(version, at, in, extras), Direction::reference(at, in, extras)));
  }
}

/// Numbers of 13 bits have to come through in either operand; 11 bits are all that tf32 has.
template <class Direction>
void exact_on_thirteen_bits(const typename Direction::Version& version, const typename Direction::Case& at) {
  int exact = 0;
  for (const Limits& limits : {Limits{8191, 1, 1}, Limits{1, 8191, 1}, Limits{1, 1, 8191}}) {
    const Inputs in = integers(sizes(at), limits);
    exact += bool(same_numbers(run<Direction>(version, at, in), Direction::reference(at, in, kWithBias)));
  }
  EXPECT_EQ(exact, is_tf32(version) ? 1 : 3);  // one of the three is no operand of this direction
}

template <class Direction>
void exact_on_unaligned(const typename Direction::Version& version, const typename Direction::Case& at) {
  const Inputs in = integers(sizes(at));
  EXPECT_TRUE(same_numbers(Direction::run(version, at, in, {true, true}, 1, kShifted), Direction::reference(at, in, {true, true})));
}

template <class Direction>
void within_bound_and_twice_the_same(const typename Direction::Version& version, std::span<const typename Direction::Case> cases) {
  for (const auto& at : cases) {
    SCOPED_TRACE(text(at));
    const Inputs in = randoms(sizes(at));
    const auto got = run<Direction>(version, at, in), again = run<Direction>(version, at, in);
    const Array want = Direction::reference(at, in, kWithBias), magnitude = Direction::reference(at, magnitudes(in), kWithBias);
    EXPECT_TRUE(within(got, want, magnitude, bound_of(version)));
    EXPECT_TRUE(same_bits(again, got));
    if (is_tf32(version)) {  // or its wider bound would not be needed
      EXPECT_FALSE(within(got, want, magnitude, kThreeTf32));
    }
  }
}

/// Of cuDNN; skips where there is none, with the reason. Which shapes it takes is its own affair, but some it must.
template <class Direction>
void vendor_is_exact_on_integers(const typename Direction::Version* vendor, std::span<const typename Direction::Case> cases) {
  if (const std::string reason = device::why_no_cudnn(); !reason.empty()) GTEST_SKIP() << reason;
  int taken = 0;
  for (const auto& at : cases) {
    const Inputs in = integers(sizes(at));
    for (const Extras extras : kExtras) try {
        EXPECT_TRUE(same_numbers(run<Direction>(*vendor, at, in, extras), Direction::reference(at, in, extras))) << text(at);
        ++taken;
      } catch (const device::NotTaken& refusal) {
        fmt::print("{}: {}\n", text(at), refusal.what());
      }
  }
  EXPECT_GT(taken, 0);
}

/// A NaN arrives where the reference has one and nowhere else: nothing behind the end of a sum may be read into it, not even
/// times zero. For shapes without padding, since a tap on the padding does multiply zero.
template <class Direction>
void nan_arrives(const typename Direction::Version& version, const typename Direction::Case& at, std::initializer_list<Array Inputs::*> operands) {
  const Inputs clean = integers(sizes(at));
  for (const auto operand : operands)
    for (std::size_t position = 0; position < (clean.*operand).size(); position += 9) {
      SCOPED_TRACE(fmt::format("NaN at {}", position));
      Inputs in = clean;
      (in.*operand)[position] = std::nanf("");
      const auto got = run<Direction>(version, at, in, {false, true});
      const Array want = Direction::reference(at, in, {false, true});
      for (std::size_t i = 0; i < want.size(); ++i) ASSERT_TRUE(std::isnan(want[i]) ? std::isnan(got[i]) : got[i] == want[i]) << i;
    }
}

/// Asynchronous copies change when a sum's terms are loaded, not their order.
template <class Direction>
void same_sums(const typename Direction::Version& one, const typename Direction::Version& other, std::span<const typename Direction::Case> cases) {
  for (const auto& at : cases) {
    const Inputs in = randoms(sizes(at));
    EXPECT_TRUE(same_bits(run<Direction>(one, at, in), run<Direction>(other, at, in))) << text(at);
  }
}

}  // namespace skewbench::product_tests
