#include "kernels/base/compare.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace skewbench {

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "PASSED";
    case Verdict::incorrect: return "INCORRECT";
    case Verdict::failed: return "FAILED";
    case Verdict::diverged: return "DIVERGED";
    case Verdict::not_verified: return "NOT_VERIFIED";
    case Verdict::skipped: return "SKIPPED";
  }
  return "?";
}

namespace {

/// Runs `is_good(i)` over all elements and fills the verdict; the callers differ in that test alone.
template <class T, class IsGood>
Comparison compare_with(std::span<const T> got, std::span<const T> want, IsGood is_good) {
  Comparison result;
  if (got.size() != want.size()) {
    result.summary = fmt::format("{} elements where {} were expected", got.size(), want.size());
    return result;
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(static_cast<double>(got[i]) - static_cast<double>(want[i]));
    if (std::isnan(error) || error > result.max_error) result.max_error = error;  // a NaN sticks: nothing exceeds it
    if (!is_good(i)) {
      if (result.bad++ == 0) result.first_bad = static_cast<int64_t>(i);
    }
  }
  result.checked = static_cast<int64_t>(got.size());
  result.ok = result.bad == 0;
  if (result.ok) {
    result.summary = fmt::format("{} elements agree, largest error {:g}", result.checked, result.max_error);
  } else {
    const auto at = static_cast<std::size_t>(result.first_bad);
    result.summary = fmt::format("{} of {} elements differ; first at {}: {:.9g} where {:.9g} was expected; largest error {:g}",
                                 result.bad, result.checked, at, static_cast<double>(got[at]),
                                 static_cast<double>(want[at]), result.max_error);
  }
  return result;
}

template <class T>
Comparison compare_within(std::span<const T> got, std::span<const T> want, double absolute, double relative) {
  Comparison result = compare_with<T>(got, want, [&](std::size_t i) {
    const double expected = static_cast<double>(want[i]);
    return std::fabs(static_cast<double>(got[i]) - expected) <= absolute + relative * std::fabs(expected);
  });
  bool want_nonzero = false, got_nonzero = false;
  for (const T value : want) want_nonzero |= value != T(0);
  for (const T value : got) got_nonzero |= value != T(0);
  if (result.ok && want_nonzero && !got_nonzero) {
    result.ok = false;
    result.summary = fmt::format("all {} elements are zero, the expected ones are not", result.checked);
  }
  return result;
}

template <class T>
Comparison compare_bytes(std::span<const T> got, std::span<const T> want) {
  return compare_with<T>(got, want, [&](std::size_t i) {
    return !std::isnan(got[i]) && std::memcmp(&got[i], &want[i], sizeof(T)) == 0;
  });
}

}  // namespace

Comparison compare(std::span<const float> got, std::span<const float> want, double absolute, double relative) {
  return compare_within(got, want, absolute, relative);
}
Comparison compare(std::span<const double> got, std::span<const double> want, double absolute, double relative) {
  return compare_within(got, want, absolute, relative);
}
Comparison compare_bits(std::span<const float> got, std::span<const float> want) { return compare_bytes(got, want); }
Comparison compare_bits(std::span<const double> got, std::span<const double> want) { return compare_bytes(got, want); }

uint64_t fingerprint(std::span<const std::byte> bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const std::byte byte : bytes) hash = (hash ^ static_cast<uint64_t>(byte)) * 0x100000001b3u;
  return hash;
}

}  // namespace skewbench
