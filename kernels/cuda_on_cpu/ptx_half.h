// What PTX's instructions on f16, bf16 and pairs of them compute. Values are bits: uint16_t, or uint32_t for a pair.
//
// Every operation is exact (or rounded to odd) in double and then rounded once.
#pragma once

#include "kernels/cuda_on_cpu/ptx_convert.h"

namespace skewbench::cuda_on_cpu {

struct F16 {
  static float value(uint16_t pattern) { return float(bits<_Float16>(pattern)); }
  static uint16_t nearest(double x) { return is_nan(x) ? 0x7fff : bits<uint16_t>(_Float16(x)); }
  static constexpr uint16_t kOne = 0x3c00;
};

struct Bf16 {
  static float value(uint16_t pattern) { return bits<float>(uint32_t(pattern) << 16); }
  static uint16_t nearest(double x) {
    if (is_nan(x)) return 0x7fff;
    const auto truncated = to_float<Rounding::rz>(x);
    auto pattern = bits<uint32_t>(truncated);
    if (double(truncated) != x && !(x - x != 0)) pattern |= 1;  // to odd
    return uint16_t((pattern + 0x7fff + (pattern >> 16 & 1)) >> 16);
  }
  static constexpr uint16_t kOne = 0x3f80;
};

/// The f16 next to the nearest one where that lies on the wrong side.
template <Rounding rounding>
inline uint16_t to_f16(double x) {
  const uint16_t nearest = F16::nearest(x);
  const double back = F16::value(nearest);
  const bool away = __builtin_fabs(back) > __builtin_fabs(x);
  const bool wrong = rounding == Rounding::rz ? away : rounding == Rounding::rm ? back > x : rounding == Rounding::rp ? back < x : false;
  if (!wrong) return nearest;
  if ((nearest & 0x7fff) == 0) return rounding == Rounding::rm ? 0x8001 : 0x0001;  // from zero to the smallest subnormal
  return uint16_t(away ? nearest - 1 : nearest + 1);
}

inline uint16_t truncated_bf16(float x) { return is_nan(x) ? 0x7fff : uint16_t(bits<uint32_t>(x) >> 16); }

/// cvt.rna.tf32: 10 bits of mantissa, halfway cases away from zero; the bits below stay zero.
inline uint32_t to_tf32(float x) {
  const auto pattern = bits<uint32_t>(x);
  if (is_nan(x)) return 0x7fffffffu;
  return x - x != 0 ? pattern : (pattern + 0x1000u) & ~0x1fffu;
}

inline uint32_t pair_of(uint16_t high, uint16_t low) { return uint32_t(high) << 16 | low; }

template <class F>
inline uint16_t half_saturated(uint16_t x) {
  const float value = F::value(x);
  return value > 0 ? (value < 1 ? x : F::kOne) : 0;
}

template <class F>
inline uint16_t half_sum(uint16_t a, uint16_t b) { return F::nearest(sum_to_odd(F::value(a), F::value(b))); }
template <class F>
inline uint16_t half_product(uint16_t a, uint16_t b) { return F::nearest(double(F::value(a)) * double(F::value(b))); }
template <class F>
inline uint16_t half_fma(uint16_t a, uint16_t b, uint16_t c) {
  return F::nearest(sum_to_odd(double(F::value(a)) * double(F::value(b)), F::value(c)));
}
template <class F>
inline uint16_t half_minimum(uint16_t a, uint16_t b) { return F::nearest(double(minimum(F::value(a), F::value(b)))); }
template <class F>
inline uint16_t half_maximum(uint16_t a, uint16_t b) { return F::nearest(double(maximum(F::value(a), F::value(b)))); }
template <class F>
inline uint16_t half_minimum_or_nan(uint16_t a, uint16_t b) { return F::nearest(double(minimum_or_nan(F::value(a), F::value(b)))); }
template <class F>
inline uint16_t half_maximum_or_nan(uint16_t a, uint16_t b) { return F::nearest(double(maximum_or_nan(F::value(a), F::value(b)))); }
template <class F>
inline uint16_t half_exp2(uint16_t x) { return F::nearest(__builtin_exp2(double(F::value(x)))); }
template <class F>
inline uint16_t half_tanh(uint16_t x) { return F::nearest(__builtin_tanh(double(F::value(x)))); }

template <class Operation, class... Pairs>
inline uint32_t in_both(Operation operation, Pairs... pairs) {
  return pair_of(operation(uint16_t(pairs >> 16)...), operation(uint16_t(pairs)...));
}

// The same on pairs.
template <class F> inline uint32_t half_saturated(uint32_t x) { return in_both([](uint16_t h) { return half_saturated<F>(h); }, x); }
template <class F> inline uint32_t half_exp2(uint32_t x) { return in_both([](uint16_t h) { return half_exp2<F>(h); }, x); }
template <class F> inline uint32_t half_tanh(uint32_t x) { return in_both([](uint16_t h) { return half_tanh<F>(h); }, x); }
template <class F> inline uint32_t half_sum(uint32_t a, uint32_t b) {
  return in_both([](uint16_t x, uint16_t y) { return half_sum<F>(x, y); }, a, b);
}
template <class F> inline uint32_t half_product(uint32_t a, uint32_t b) {
  return in_both([](uint16_t x, uint16_t y) { return half_product<F>(x, y); }, a, b);
}
template <class F> inline uint32_t half_fma(uint32_t a, uint32_t b, uint32_t c) {
  return in_both([](uint16_t x, uint16_t y, uint16_t z) { return half_fma<F>(x, y, z); }, a, b, c);
}
template <class F> inline uint32_t half_minimum(uint32_t a, uint32_t b) {
  return in_both([](uint16_t x, uint16_t y) { return half_minimum<F>(x, y); }, a, b);
}
template <class F> inline uint32_t half_maximum(uint32_t a, uint32_t b) {
  return in_both([](uint16_t x, uint16_t y) { return half_maximum<F>(x, y); }, a, b);
}
template <class F> inline uint32_t half_minimum_or_nan(uint32_t a, uint32_t b) {
  return in_both([](uint16_t x, uint16_t y) { return half_minimum_or_nan<F>(x, y); }, a, b);
}
template <class F> inline uint32_t half_maximum_or_nan(uint32_t a, uint32_t b) {
  return in_both([](uint16_t x, uint16_t y) { return half_maximum_or_nan<F>(x, y); }, a, b);
}

}  // namespace skewbench::cuda_on_cpu
