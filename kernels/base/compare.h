// Comparison with a verdict. A NaN on either side fails, as does a difference in length; only `difference <= bound`
// passes, so nothing passes because a comparison with NaN is false. Built without fast-math.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace skewbench {

enum class Verdict { passed, incorrect, failed, diverged, not_verified, skipped };

const char* to_string(Verdict verdict);  ///< PASSED, INCORRECT, ... as printed in tables and files

struct Comparison {
  bool ok = false;             ///< true only if every element was compared and is within its bound
  int64_t checked = 0;
  int64_t bad = 0;             ///< elements out of bound, NaN included
  int64_t first_bad = -1;
  double max_error = 0;        ///< largest |got - want|; NaN if any difference is NaN
  std::string summary;         ///< one sentence with the values, for test output
};

/// Passes iff |got[i] - want[i]| <= absolute + relative * |want[i]| for every i, and, when want has a non-zero
/// element, got has one too (so that an output that was never written cannot pass under a loose bound).
Comparison compare(std::span<const float> got, std::span<const float> want, double absolute, double relative);
Comparison compare(std::span<const double> got, std::span<const double> want, double absolute, double relative);

/// Passes iff the bytes are the same (so -0 differs from 0) and no element is NaN.
Comparison compare_bits(std::span<const float> got, std::span<const float> want);
Comparison compare_bits(std::span<const double> got, std::span<const double> want);

/// FNV-1a over the bytes: the fingerprint of a vector in logs and golden tests.
uint64_t fingerprint(std::span<const std::byte> bytes);

}  // namespace skewbench
