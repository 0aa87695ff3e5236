// Arrays for the tests of compute operations: outputs between guards and full of NaN, inputs with known properties,
// comparison with a bound per element, and central differences. Included by tests only.
#pragma once

#include "kernels/base/aligned.h"
#include "kernels/base/compare.h"
#include "kernels/base/error.h"
#include "kernels/base/random.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string>

namespace skewbench::test_arrays {

/// How many cases of a drawn matrix a test runs: all of them in `make test-full`, which sets SKEWBENCH_TEST_FULL, otherwise
/// the first `sample`. Case i is drawn by its index alone, so the sample is part of the whole.
inline int64_t drawn_cases(int64_t sample, int64_t whole) {
  const char* full = std::getenv("SKEWBENCH_TEST_FULL");
  return full && *full ? whole : sample;
}

/// The numbers of drawn case i.
class Draw {
 public:
  explicit Draw(int64_t i) : random_(2111, 0, static_cast<uint32_t>(i), Purpose::probe) {}
  int64_t from(int64_t low, int64_t high) { return low + static_cast<int64_t>(random_.below(static_cast<uint64_t>(high - low + 1))); }

 private:
  Random random_;
};

/// An output array: every element starts as poison (NaN; 0xEE for bytes), and guard elements stand before and behind.
/// `shift` moves the array that many elements off its cache-line alignment.
template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t size, int64_t shift = 0) : begin_(kGuard + shift), size_(size) {
    memory_.assign(static_cast<std::size_t>(2 * kGuard + shift + size), guard());
    std::fill(data(), data() + size, poison());
  }
  T* data() { return memory_.data() + begin_; }
  std::span<const T> span() const { return {memory_.data() + begin_, static_cast<std::size_t>(size_)}; }
  bool guards_intact() const {
    for (int64_t i = 0; i < static_cast<int64_t>(memory_.size()); ++i)
      if ((i < begin_ || i >= begin_ + size_) && memory_[static_cast<std::size_t>(i)] != guard()) return false;
    return true;
  }

 private:
  static constexpr int64_t kGuard = 64;
  static T guard() { return T(113); }
  static T poison() {
    if constexpr (std::numeric_limits<T>::has_quiet_NaN) return std::numeric_limits<T>::quiet_NaN();
    else return T(0xEE);
  }
  int64_t begin_, size_;
  AlignedVector<T> memory_;
};

/// Standard normal numbers; `stream` tells arrays apart.
template <class T>
AlignedVector<T> normals(int64_t size, uint32_t stream) {
  AlignedVector<T> values(static_cast<std::size_t>(size));
  Random random(7, stream, 0, Purpose::synthetic_data);
  for (T& value : values) value = T(random.normal());
  return values;
}

/// Integers in [-limit, limit]: sums of products of them are exact in float below 2^24, so any order of summation and any
/// use of fused multiply-adds must give the same bits.
template <class T>
AlignedVector<T> small_integers(int64_t size, int limit, uint32_t stream) {
  AlignedVector<T> values(static_cast<std::size_t>(size));
  Random random(8, stream, 0, Purpose::synthetic_data);
  for (T& value : values) value = T(int64_t(random.below(uint64_t(2 * limit + 1))) - limit);
  return values;
}

template <class T>
AlignedVector<T> magnitudes(const AlignedVector<T>& values) {
  AlignedVector<T> result = values;
  for (T& value : result) value = std::fabs(value);
  return result;
}

/// Passes iff |got[i] - want[i]| <= factor * epsilon(float) * magnitude[i] for all i, NaN failing. With magnitude = the sum of
/// the absolute terms, factor 4 is some ten times the expected error: rounding every partial sum of L terms of random
/// sign costs about epsilon/2 * sqrt(L/2) of a typical partial sum, itself about magnitude / sqrt(L).
inline ::testing::AssertionResult within(std::span<const float> got, std::span<const float> want,
                                         std::span<const float> magnitude, double factor = 4) {
  if (got.size() != want.size() || got.size() != magnitude.size()) return ::testing::AssertionFailure() << "lengths differ";
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double bound = factor * std::numeric_limits<float>::epsilon() * double(magnitude[i]);
    if (!(std::fabs(double(got[i]) - double(want[i])) <= bound))
      return ::testing::AssertionFailure() << fmt::format("element {}: {:.9g} where {:.9g} was expected, bound {:g}", i, got[i],
                                                          want[i], bound);
  }
  return ::testing::AssertionSuccess();
}

inline ::testing::AssertionResult same_bits(std::span<const float> got, std::span<const float> want) {
  const Comparison result = compare_bits(got, want);
  return (result.ok ? ::testing::AssertionSuccess() : ::testing::AssertionFailure()) << result.summary;
}

/// Bits, but -0 equals 0: the sign of a zero sum depends on the order of summation.
inline ::testing::AssertionResult same_numbers(std::span<const float> got, std::span<const float> want) {
  const Comparison result = compare(got, want, 0, 0);
  return (result.ok ? ::testing::AssertionSuccess() : ::testing::AssertionFailure()) << result.summary;
}

/// Checks `gradient` of the scalar function loss() with respect to `values`, which loss() reads, by central differences in
/// double. A step of 1e-5 leaves about 1e-10 of truncation and 1e-11 of rounding error relative to values of order 1.
template <class Loss>
::testing::AssertionResult gradient_matches(Loss loss, std::span<double> values, std::span<const double> gradient,
                                            double tolerance = 1e-7) {
  constexpr double kStep = 1e-5;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double kept = values[i];
    values[i] = kept + kStep;
    const double above = loss();
    values[i] = kept - kStep;
    const double below = loss();
    values[i] = kept;
    const double slope = (above - below) / (2 * kStep);
    if (!(std::fabs(slope - gradient[i]) <= tolerance * (1 + std::fabs(slope))))
      return ::testing::AssertionFailure() << fmt::format("element {}: gradient {:.9g}, central difference {:.9g}", i,
                                                          gradient[i], slope);
  }
  return ::testing::AssertionSuccess();
}

template <class T>
double dot(const AlignedVector<T>& a, const AlignedVector<T>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * double(b[i]);
  return sum;
}

/// The sentence of the Error that call() throws.
template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace skewbench::test_arrays
