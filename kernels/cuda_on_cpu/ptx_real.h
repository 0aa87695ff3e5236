// What PTX's instructions on f32 and f64 compute, where C++ has no operator that does the same.
//
// Approximations (.approx) are computed in double and rounded once: a GPU's own last bits are not specified.
#pragma once

#include "kernels/cuda_on_cpu/ptx_arithmetic.h"

namespace skewbench::cuda_on_cpu {

inline bool is_nan(float x) { return x != x; }
inline bool is_nan(double x) { return x != x; }
inline bool has_sign(float x) { return __builtin_signbitf(x); }
inline bool has_sign(double x) { return __builtin_signbit(x); }

/// The NaN that PTX's minimum and maximum give.
inline float canonical_nan(float) { return bits<float>(0x7fffffffu); }
inline double canonical_nan(double) { return bits<double>(uint64_t{0x7fffffffffffffff}); }

/// .ftz
inline float flushed(float x) { return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0.0f, x) : x; }
/// .sat: NaN becomes 0
inline float saturated(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

/// A NaN counts only if both are; -0 is less than +0.
template <class T>
inline T minimum(T a, T b) {
  if (is_nan(a)) return is_nan(b) ? canonical_nan(a) : b;
  if (is_nan(b)) return a;
  return a < b || (a == b && has_sign(a)) ? a : b;
}

template <class T>
inline T maximum(T a, T b) {
  if (is_nan(a)) return is_nan(b) ? canonical_nan(a) : b;
  if (is_nan(b)) return a;
  return a > b || (a == b && !has_sign(a)) ? a : b;
}

/// min.NaN, max.NaN: one NaN is enough.
template <class T>
inline T minimum_or_nan(T a, T b) { return is_nan(a) || is_nan(b) ? canonical_nan(a) : minimum(a, b); }
template <class T>
inline T maximum_or_nan(T a, T b) { return is_nan(a) || is_nan(b) ? canonical_nan(a) : maximum(a, b); }

// --- roundings other than to the nearest -------------------------------------------------------------------------------

enum class Rounding { rn, rz, rm, rp };

/// The sum rounded to odd: a last bit of 1 stands for whatever is behind it, so that a second rounding to a type with at
/// least two bits less cannot go wrong.
inline double sum_to_odd(double a, double b) {
  const double sum = a + b, of_b = sum - a, rest = (a - (sum - of_b)) + (b - of_b);  // sum + rest is exact
  auto pattern = bits<uint64_t>(sum);
  if (!(rest > 0 || rest < 0) || (pattern & 1) != 0 || sum - sum != 0) return sum;
  pattern += (rest > 0) == (sum > 0) ? 1 : ~uint64_t{0};
  return bits<double>(pattern);
}

/// The float next to x above it or below it.
inline float next_up(float x) {
  const auto pattern = bits<uint32_t>(x);
  return x == 0 ? 0x1p-149f : bits<float>(has_sign(x) ? pattern - 1 : pattern + 1);
}
inline float next_down(float x) { return -next_up(-x); }

template <Rounding rounding>
inline float to_float(double x) {
  const auto nearest = float(x);
  if (rounding == Rounding::rz && __builtin_fabs(double(nearest)) > __builtin_fabs(x)) return has_sign(x) ? next_up(nearest) : next_down(nearest);
  if (rounding == Rounding::rm && double(nearest) > x) return next_down(nearest);
  if (rounding == Rounding::rp && double(nearest) < x) return next_up(nearest);
  return nearest;
}

/// a and b are exact: floats, or the product of two.
template <Rounding rounding>
inline float rounded_sum(double a, double b) {
  // Downwards, IEEE 754 gives a zero sum the negative sign, unless both are +0.
  if (rounding == Rounding::rm && a + b == 0 && (has_sign(a) || has_sign(b))) return -0.0f;
  return to_float<rounding>(sum_to_odd(a, b));
}

template <Rounding rounding>
inline float rounded_product(float a, float b) { return to_float<rounding>(double(a) * double(b)); }

template <Rounding rounding>
inline float rounded_fma(float a, float b, float c) { return rounded_sum<rounding>(double(a) * double(b), c); }

// --- approximations ------------------------------------------------------------------------------------------------------

inline float exp2_of(float x) { return float(__builtin_exp2(double(x))); }
inline float log2_of(float x) { return float(__builtin_log2(double(x))); }
inline float sin_of(float x) { return float(__builtin_sin(double(x))); }
inline float cos_of(float x) { return float(__builtin_cos(double(x))); }
inline float tanh_of(float x) { return float(__builtin_tanh(double(x))); }
inline float rsqrt_of(float x) { return float(1.0 / __builtin_sqrt(double(x))); }

inline float abs_of(float x) { return __builtin_fabsf(x); }
inline double abs_of(double x) { return __builtin_fabs(x); }

// --- testp -----------------------------------------------------------------------------------------------------------

template <class T>
inline bool test_finite(T x) { return x - x == 0; }
template <class T>
inline bool test_infinite(T x) { return !is_nan(x) && x - x != 0; }
template <class T>
inline bool test_number(T x) { return !is_nan(x); }
template <class T>
inline bool test_notanumber(T x) { return is_nan(x); }
inline bool test_normal(float x) { return __builtin_isnormal(x); }
inline bool test_normal(double x) { return __builtin_isnormal(x); }
template <class T>
inline bool test_subnormal(T x) { return x != 0 && test_finite(x) && !test_normal(x); }

}  // namespace skewbench::cuda_on_cpu
