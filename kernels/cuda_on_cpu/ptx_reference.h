// What PTX's instructions compute, written down a second time for the tests, in another way than in ptx_arithmetic.h and its
// neighbours: bit by bit as in the PTX ISA, with the processor's own rounding modes, with tables of all halves.
#pragma once

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

namespace skewbench::cuda_on_cpu::reference {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using s8 = int8_t;
using s16 = int16_t;
using s32 = int32_t;
using s64 = int64_t;
using b8 = u8;
using b16 = u16;
using b32 = u32;
using b64 = u64;
using f32 = float;
using f64 = double;
using u5 = u32;
using s8bit = s32;
using tf32 = u32;
using u128 = unsigned __int128;
using s128 = __int128;
using f128 = __float128;  // holds every sum and product of halves that the tests make
enum f16 : u16 {};
enum bf16 : u16 {};
enum f16x2 : u32 {};
enum bf16x2 : u32 {};

// --- integers and bits -------------------------------------------------------------------------------------------------

/// The value of the lowest 24 bits in two's complement.
inline s64 low_24(s32 a) {
  const s64 low = a & 0xffffff;
  return low < 0x800000 ? low : low - 0x1000000;
}

inline s64 dot_of_bytes(u32 a, bool a_signed, u32 b, bool b_signed) {
  s64 sum = 0;
  for (int i = 0; i < 4; ++i) {
    const s64 x = a >> 8 * i & 255, y = b >> 8 * i & 255;
    sum += (a_signed && x > 127 ? x - 256 : x) * (b_signed && y > 127 ? y - 256 : y);
  }
  return sum;
}

inline int bits_in(u64 value, int from, int to) {
  int count = 0;
  for (int i = from; i < to; ++i) count += value >> i & 1;
  return count;
}

/// -1 where there is none
inline s64 last_bit(u64 value) {
  for (int i = 63; i >= 0; --i)
    if ((value >> i & 1) != 0) return i;
  return -1;
}

inline u64 reversed(u64 value, int width) {
  u64 result = 0;
  for (int i = 0; i < width; ++i) result |= (value >> i & 1) << (width - 1 - i);
  return result;
}

/// fns, as the PTX ISA's pseudocode has it
inline u32 nth_set(u32 mask, u32 base, s32 offset) {
  if (offset == 0) return (mask >> base & 1) != 0 ? base : 0xffffffffu;
  int pos = static_cast<int>(base);
  int count = std::abs(offset) - 1;
  const int inc = offset > 0 ? 1 : -1;
  while (pos >= 0 && pos < 32) {
    if ((mask >> pos & 1) != 0) {
      if (count == 0) return static_cast<u32>(pos);
      --count;
    }
    pos += inc;
  }
  return 0xffffffffu;
}

/// bfe, as the PTX ISA's pseudocode has it
template <class T>
T field(T a, u32 b, u32 c) {
  const int msb = 8 * sizeof(T) - 1, pos = b & 0xff, len = c & 0xff;
  const u64 bits = static_cast<std::make_unsigned_t<T>>(a);
  const bool sbit = !std::is_signed_v<T> || len == 0 ? false : (bits >> std::min(pos + len - 1, msb) & 1) != 0;
  u64 d = 0;
  for (int i = 0; i <= msb; ++i) d |= u64{i < len && pos + i <= msb ? (bits >> (pos + i) & 1) != 0 : sbit} << i;
  return static_cast<T>(d);
}

/// bfi, as the PTX ISA's pseudocode has it: field a into b
template <class T>
T inserted(T a, T b, u32 c, u32 d) {
  const u32 msb = 8 * sizeof(T) - 1, pos = c & 0xff, len = d & 0xff;
  for (u32 i = 0; i < len && pos + i <= msb; ++i) b = static_cast<T>((b & ~(u64{1} << (pos + i))) | (u64{a >> i & 1} << (pos + i)));
  return b;
}

inline u32 permuted(u32 a, u32 b, u32 c) {
  u8 bytes[8], result[4];
  std::memcpy(bytes, &a, 4);
  std::memcpy(bytes + 4, &b, 4);
  for (int i = 0; i < 4; ++i) {
    const int control = static_cast<int>(c >> 4 * i) & 15, byte = bytes[control % 8];
    result[i] = static_cast<u8>(control < 8 ? byte : byte > 127 ? 255 : 0);
  }
  u32 d;
  std::memcpy(&d, result, 4);
  return d;
}

inline u32 looked_up(u32 a, u32 b, u32 c, u32 table) {
  u32 result = 0;
  for (int i = 0; i < 32; ++i) result |= (table >> ((a >> i & 1) * 4 + (b >> i & 1) * 2 + (c >> i & 1)) & 1) << i;
  return result;
}

template <class D, class S>
D low_bits(S a) {
  return static_cast<D>(static_cast<u64>(a));
}

template <class D, class S>
D clamped_to(S a) {
  const s128 low = std::numeric_limits<D>::min(), high = std::numeric_limits<D>::max();
  return static_cast<D>(std::clamp(s128{a}, low, high));
}

// --- floats ------------------------------------------------------------------------------------------------------------

inline u32 pattern(f32 x) {
  u32 bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}

inline f32 real_of(u32 bits) {
  f32 x;
  std::memcpy(&x, &bits, 4);
  return x;
}

inline f32 flushed(f32 x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

template <class T>
T saturated(T x) {
  return !(x > 0) ? T(0) : x > 1 ? T(1) : x;
}

/// A value that the compiler does not know: what is computed from it is computed then and there.
template <class T>
T at_run_time(T x) {
  volatile T hidden = x;
  return hidden;
}

/// compute() while the processor rounds by `mode`.
template <class Compute>
f32 rounded(int mode, Compute compute) {
  std::fesetround(mode);
  const f32 result = at_run_time(compute());
  std::fesetround(FE_TONEAREST);
  return result;
}

/// The smaller one; the other one if one is a NaN; -0 is smaller than +0.
template <class T>
T smaller(T a, T b) {
  if (a != a) return b;
  if (b != b) return a;
  if (a == 0 && b == 0) return 1 / a < 0 ? a : b;
  return b < a ? b : a;
}

// --- halves ------------------------------------------------------------------------------------------------------------

/// From sign, exponent and mantissa.
inline long double decoded(u32 bits, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1, exponent = static_cast<int>(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const long double mantissa = bits & ((1u << mantissa_bits) - 1), sign = (bits >> (exponent_bits + mantissa_bits)) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return mantissa != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
  return sign * std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
}

/// All values of a format that are not negative, in their order, which is that of their bits; the last one is infinity.
template <int exponent_bits, int mantissa_bits>
const std::vector<f128>& ladder() {
  static const std::vector<f128> values = [] {
    std::vector<f128> list;
    for (u32 bits = 0; bits <= ((1u << exponent_bits) - 1) << mantissa_bits; ++bits) list.push_back(decoded(bits, exponent_bits, mantissa_bits));
    return list;
  }();
  return values;
}

/// The bits of x in a format, found between two neighbours of its ladder.
template <int exponent_bits, int mantissa_bits>
u16 encoded(f128 x, int mode) {
  if (x != x) return 0x7fff;
  const std::vector<f128>& values = ladder<exponent_bits, mantissa_bits>();
  const bool negative = x < 0 || (x == 0 && 1 / static_cast<f64>(x) < 0);
  const f128 size = negative ? -x : x;
  const auto infinity = static_cast<u32>(values.size() - 1);
  auto above = static_cast<u32>(std::lower_bound(values.begin(), values.end(), size) - values.begin());
  u32 result = above;
  if (values[above] != size) {
    const u32 below = above - 1;
    // The step behind the largest number counts as wide as the one before it.
    const f128 upper = above == infinity ? values[below] + (values[below] - values[below - 1]) : values[above], middle = (values[below] + upper) / 2;
    const bool up = mode == FE_TONEAREST ? size > middle || (size == middle && below % 2 != 0)
                  : mode == FE_UPWARD ? !negative : mode == FE_DOWNWARD ? negative : false;
    result = up ? above : below;
  }
  return static_cast<u16>(result | (negative ? 0x8000 : 0));
}

inline f16 to_f16(f128 x, int mode = FE_TONEAREST) { return f16(encoded<5, 10>(x, mode)); }
inline bf16 to_bf16(f128 x, int mode = FE_TONEAREST) { return bf16(encoded<8, 7>(x, mode)); }

inline f128 half_value(f16 x) { return decoded(x, 5, 10); }
inline f128 half_value(bf16 x) { return decoded(x, 8, 7); }

/// a + b, and where f128 has to round (a bf16's range is wide) a little more or less, so that it is no tie that it is not.
inline f128 sum(f128 a, f128 b) {
  const f128 total = a + b, rest = (a - (total - (total - a))) + (b - (total - a));
  return rest > 0 ? total + std::ldexp(1.0L, -60) * (total < 0 ? -total : total)
       : rest < 0 ? total - std::ldexp(1.0L, -60) * (total < 0 ? -total : total) : total;
}

inline f64 real(f32 x) { return x; }
inline f64 real(f64 x) { return x; }
inline f64 real(f16 x) { return static_cast<f64>(half_value(x)); }

inline f16 half_at(f16x2 pair, int shift) { return f16(static_cast<u16>(pair >> shift)); }
inline bf16 half_at(bf16x2 pair, int shift) { return bf16(static_cast<u16>(pair >> shift)); }

template <class Operation, class... Pairs>
u32 in_halves(Operation operation, Pairs... pairs) {
  const auto of = [&](int shift) { return operation(half_at(pairs, shift)...); };
  return u32{of(16)} << 16 | u32{of(0)};
}

/// cvt.rna.tf32: 10 bits of mantissa, to the nearest, halfway away from zero
inline u32 to_tf32(f32 x) {
  if (std::isnan(x)) return 0x7fffffff;
  if (std::isinf(x) || x == 0) return pattern(x);
  int exponent;
  std::frexp(x, &exponent);                                       // |x| is in [2^(exponent - 1), 2^exponent)
  exponent = std::max(exponent, -125);                            // subnormals have the scale of the smallest normals
  const f64 scale = std::ldexp(1.0, 11 - exponent);
  const f64 size = std::floor(std::fabs(f64{x}) * scale + 0.5) / scale;
  return pattern(static_cast<f32>(std::copysign(size, x)));
}

/// cvt to an integer: the ends of its range, and what a NaN becomes
template <class D>
D integer_of(f64 x, std::string_view source) {
  if (std::isnan(x)) {
    const bool zero = source != "f64" && sizeof(D) < 8;
    return zero ? D(0) : static_cast<D>(u64{1} << (8 * sizeof(D) - 1));
  }
  if (x <= static_cast<f64>(std::numeric_limits<D>::min())) return std::numeric_limits<D>::min();
  if (x >= std::ldexp(1.0, std::numeric_limits<D>::digits)) return std::numeric_limits<D>::max();
  return static_cast<D>(x);
}

}  // namespace skewbench::cuda_on_cpu::reference
