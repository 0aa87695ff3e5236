// What PTX's conversions compute (cvt).
#pragma once

#include "kernels/cuda_on_cpu/ptx_real.h"

namespace skewbench::cuda_on_cpu {

template <class T> inline constexpr T kHighest = kSigned<T> ? T(Natural<T>(~Natural<T>(0)) >> 1) : T(~T(0));
template <class T> inline constexpr T kLowest = kSigned<T> ? T(~kHighest<T>) : T(0);

/// cvt.sat between integers
template <class To, class From>
inline To saturated_integer(From value) {
  const __int128 exact = value;
  return exact < kLowest<To> ? kLowest<To> : exact > kHighest<To> ? kHighest<To> : To(exact);
}

inline float integral_rni(float x) { return __builtin_rintf(x); }
inline float integral_rzi(float x) { return __builtin_truncf(x); }
inline float integral_rmi(float x) { return __builtin_floorf(x); }
inline float integral_rpi(float x) { return __builtin_ceilf(x); }
inline double integral_rni(double x) { return __builtin_rint(x); }
inline double integral_rzi(double x) { return __builtin_trunc(x); }
inline double integral_rmi(double x) { return __builtin_floor(x); }
inline double integral_rpi(double x) { return __builtin_ceil(x); }

/// Of an integral number. Beyond the type's range its end; a NaN gives 0, and the highest bit alone where the source is f64
/// or the result has 64 bits.
template <class To, class From>
inline To to_integer(From x) {
  constexpr From kBeyond = From(Natural<To>(1) << (kBits<To> - 1)) * (kSigned<To> ? 1 : 2);  // one more than the highest
  if (x >= kBeyond) return kHighest<To>;
  if (kSigned<To> ? x < -kBeyond : x < 0) return kLowest<To>;
  if (is_nan(x)) return sizeof(From) == 8 || sizeof(To) == 8 ? To(Natural<To>(1) << (kBits<To> - 1)) : To(0);
  return To(x);
}

/// Exact up to 53 bits, and else rounded to odd (see sum_to_odd).
inline double odd_double(uint64_t value) {
  return value >> 53 == 0 ? double(value) : double((value >> 11) | ((value & 0x7ff) != 0)) * 0x1p11;
}
inline double odd_double(int64_t value) { return value < 0 ? -odd_double(uint64_t{0} - uint64_t(value)) : odd_double(uint64_t(value)); }
inline double odd_double(uint32_t value) { return value; }
inline double odd_double(int32_t value) { return value; }

}  // namespace skewbench::cuda_on_cpu
