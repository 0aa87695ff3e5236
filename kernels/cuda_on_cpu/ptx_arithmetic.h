// What PTX's instructions compute, where C++ has no operator that does the same (PTX ISA 9.0, chapter 9.7).
//
// Every kernel's translation includes this file, so it includes next to nothing itself.
#pragma once

#include <cstdint>

namespace skewbench::cuda_on_cpu {

template <class To, class From>
inline To bits(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To result;
  __builtin_memcpy(&result, &value, sizeof result);
  return result;
}

template <class T>
inline constexpr unsigned kBits = 8 * sizeof(T);
template <class T>
inline constexpr bool kSigned = T(-1) < T(0);

template <unsigned bytes> struct Integers;
template <> struct Integers<1> { using natural = uint8_t; using integer = int8_t; };
template <> struct Integers<2> { using natural = uint16_t; using integer = int16_t; };
template <> struct Integers<4> { using natural = uint32_t; using integer = int32_t; };
template <> struct Integers<8> { using natural = uint64_t; using integer = int64_t; };
template <class T> using Natural = typename Integers<sizeof(T)>::natural;

// --- integers --------------------------------------------------------------------------------------------------------

inline int32_t clamped(int64_t value) {
  return value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : int32_t(value);
}

/// The lower half; of unsigned types, so that it wraps around. 16 bits would be promoted to int and overflow.
template <class T>
inline T product(T a, T b) {
  if constexpr (sizeof(T) < 4) return T(uint32_t(a) * uint32_t(b));
  return T(a * b);
}

template <class T>
inline T product_high(T a, T b) {
  if constexpr (sizeof(T) < 8) return T((int64_t(a) * int64_t(b)) >> kBits<T>);
  if constexpr (kSigned<T>) return T((__int128(a) * b) >> 64);
  return T(static_cast<unsigned __int128>(a) * b >> 64);
}
template <>
inline uint32_t product_high(uint32_t a, uint32_t b) { return uint32_t(uint64_t(a) * b >> 32); }

inline uint32_t wide_product(uint16_t a, uint16_t b) { return uint32_t(a) * b; }
inline uint32_t wide_product(int16_t a, int16_t b) { return uint32_t(int32_t(a) * b); }
inline uint64_t wide_product(uint32_t a, uint32_t b) { return uint64_t(a) * b; }
inline uint64_t wide_product(int32_t a, int32_t b) { return uint64_t(int64_t(a) * b); }

inline uint64_t low_24(uint32_t a) { return a & 0xffffffu; }
inline int64_t low_24(int32_t a) { return int32_t(uint32_t(a) << 8) >> 8; }

/// |a - b|, which an unsigned type always holds
template <class T>
inline Natural<T> distance(T a, T b) {
  return a < b ? Natural<T>(Natural<T>(b) - Natural<T>(a)) : Natural<T>(Natural<T>(a) - Natural<T>(b));
}

/// What GPUs give: all ones for a division by zero, and the smallest integer divided by -1 wraps around.
template <class T>
inline T quotient(T a, T b) {
  if (b == 0) return T(-1);
  if (kSigned<T> && b == T(-1)) return T(Natural<T>(0) - Natural<T>(a));
  return T(a / b);
}

template <class T>
inline T remainder(T a, T b) {
  if (b == 0) return a;
  if (kSigned<T> && b == T(-1)) return 0;
  return T(a % b);
}

template <class T>
inline T add_with_carry(T a, T b, uint32_t in, uint32_t& out) {
  T sum;
  const bool first = __builtin_add_overflow(a, b, &sum), second = __builtin_add_overflow(sum, T(in), &sum);
  out = first || second;
  return sum;
}

template <class T>
inline T subtract_with_borrow(T a, T b, uint32_t in, uint32_t& out) {
  T difference;
  const bool first = __builtin_sub_overflow(a, b, &difference), second = __builtin_sub_overflow(difference, T(in), &difference);
  out = first || second;
  return difference;
}

template <class A, class B>
inline uint32_t dot_of_bytes(uint32_t a, uint32_t b) {
  int32_t sum = 0;
  for (int i = 0; i < 32; i += 8) sum += int32_t(A(a >> i)) * int32_t(B(b >> i));
  return uint32_t(sum);
}

// --- bits ------------------------------------------------------------------------------------------------------------

/// Shifts by the width or more push everything out.
template <class T>
inline T shifted_left(T value, uint32_t by) { return by < kBits<T> ? T(value << by) : T(0); }

template <class T>
inline T shifted_right(T value, uint32_t by) {
  if (by < kBits<T>) return T(value >> by);
  return value < 0 ? T(-1) : T(0);
}

inline uint64_t joined(uint32_t high, uint32_t low) { return uint64_t(high) << 32 | low; }
inline uint32_t shift_wrap(uint32_t by) { return by & 31; }
inline uint32_t shift_clamp(uint32_t by) { return by < 32 ? by : 32; }

template <class T>
inline uint32_t leading_zeros(T value) {
  return value == 0 ? kBits<T> : uint32_t(__builtin_clzll(value)) - (64 - kBits<T>);
}

/// Number of the highest bit that differs from the sign, all ones where there is none.
template <class T>
inline uint32_t highest_bit(T value) {
  const auto magnitude = Natural<T>(value < 0 ? ~value : value);
  return magnitude == 0 ? ~0u : kBits<T> - 1 - leading_zeros(magnitude);
}

template <class T>
inline uint32_t shift_to_highest_bit(T value) {
  const uint32_t bit = highest_bit(value);
  return bit == ~0u ? bit : kBits<T> - 1 - bit;
}

inline uint32_t reversed(uint32_t value) {
  value = (value >> 1 & 0x55555555u) | (value & 0x55555555u) << 1;
  value = (value >> 2 & 0x33333333u) | (value & 0x33333333u) << 2;
  value = (value >> 4 & 0x0f0f0f0fu) | (value & 0x0f0f0f0fu) << 4;
  return __builtin_bswap32(value);
}
inline uint64_t reversed(uint64_t value) { return joined(reversed(uint32_t(value)), reversed(uint32_t(value >> 32))); }

/// The |n|-th set bit from `base` on, upwards for n > 0, downwards for n < 0; n == 0: bit `base` itself. All ones: none.
inline uint32_t nth_set_bit(uint32_t mask, uint32_t base, int32_t n) {
  const int step = n < 0 ? -1 : 1;
  int wanted = n == 0 ? 1 : n < 0 ? -n : n;
  for (int bit = int(base); bit >= 0 && bit < 32; bit += step) {
    if ((mask >> bit & 1) != 0 && --wanted == 0) return uint32_t(bit);
    if (n == 0) break;
  }
  return ~0u;
}

/// Of position and length the lowest 8 bits count. Bits beyond the value are its sign.
template <class T>
inline T extracted_field(T value, uint32_t position, uint32_t length) {
  position &= 0xff;
  length &= 0xff;
  if (length == 0) return 0;
  const uint32_t last = position + length - 1 < kBits<T> ? position + length - 1 : kBits<T> - 1;
  const bool sign = kSigned<T> && (Natural<T>(value) >> last & 1) != 0;
  if (position >= kBits<T>) return sign ? T(-1) : T(0);
  const auto field = Natural<T>(Natural<T>(value) << (kBits<T> - 1 - last));  // drops what lies above the field
  const uint32_t down = position + (kBits<T> - 1 - last);
  return sign ? T(T(field) >> down) : T(field >> down);
}

template <class T>
inline T with_field(T field, T into, uint32_t position, uint32_t length) {
  position &= 0xff;
  length &= 0xff;
  if (length == 0 || position >= kBits<T>) return into;
  const T ones = length < kBits<T> ? T((T(1) << length) - 1) : T(-1), mask = T(ones << position);
  return T((into & ~mask) | (T(field << position) & mask));
}

/// prmt: each nibble of `selector` names a byte of `bytes`; its highest bit asks for that byte's sign in all bits.
inline uint32_t chosen_bytes(uint64_t bytes, uint32_t selector) {
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const uint32_t nibble = selector >> (4 * i) & 15;
    auto byte = uint8_t(bytes >> (8 * (nibble & 7)));
    if ((nibble & 8) != 0) byte = (byte & 0x80) != 0 ? 0xff : 0;
    result |= uint32_t(byte) << (8 * i);
  }
  return result;
}

/// lop3: bit (4a + 2b + c) of `table` is the result for bits a, b, c.
inline uint32_t logic_of_three(uint32_t a, uint32_t b, uint32_t c, uint32_t table) {
  uint32_t result = 0;
  for (uint32_t row = 0; row < 8; ++row)
    if ((table >> row & 1) != 0) result |= ((row & 4) != 0 ? a : ~a) & ((row & 2) != 0 ? b : ~b) & ((row & 1) != 0 ? c : ~c);
  return result;
}

}  // namespace skewbench::cuda_on_cpu
