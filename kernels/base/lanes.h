// Fixed-width vectors of float for production loops over channels, on GCC's vector extensions: one register each where
// the machine has one that wide (AVX-512 at 16 lanes), several where not, the same results everywhere.
//
// For *_host.cc files. Whoever needs an accumulator to stay in a register names it as one of these; an array of float
// that a loop fills often lives on the stack instead.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace skewbench::lanes {

#define SKEWBENCH_INLINE [[gnu::always_inline]] inline

inline constexpr int kWidth = 16;
#ifdef __AVX512F__
inline constexpr bool kFillsOneRegister = true;
#else
inline constexpr bool kFillsOneRegister = false;
#endif

namespace detail {
template <int N>
struct Types {
  typedef float Float __attribute__((vector_size(4 * N)));
  typedef int32_t Int __attribute__((vector_size(4 * N)));
  typedef uint8_t Byte __attribute__((vector_size(N)));
};
}  // namespace detail

template <int N>
using Float = typename detail::Types<N>::Float;
template <int N>
using Int = typename detail::Types<N>::Int;    ///< also what a comparison of Float gives: -1 or 0 per lane
template <int N>
using Byte = typename detail::Types<N>::Byte;

template <class Vector>
SKEWBENCH_INLINE Vector load(const void* from) {  // any alignment
  Vector result;
  std::memcpy(&result, from, sizeof result);
  return result;
}
template <class Vector>
SKEWBENCH_INLINE void store(void* to, Vector value) {
  std::memcpy(to, &value, sizeof value);
}
template <class Vector, class T>
SKEWBENCH_INLINE Vector broadcast(T value) {
  return value - Vector{};  // exact, also for -0 and NaN; a loop over the lanes becomes inserts as often as a broadcast
}
/// Per lane a > b ? a : b: the second where they are equal or one is NaN.
template <class Vector>
SKEWBENCH_INLINE Vector larger_or_second(Vector a, Vector b) {
#ifdef __AVX512F__
  if constexpr (sizeof(Vector) == 64) return _mm512_maskz_max_ps(0xFFFF, a, b);  // one cycle where a compare and a blend take seven
#endif
  return a > b ? a : b;
}
template <class Vector>
SKEWBENCH_INLINE bool has_nan(Vector value) {
#ifdef __AVX512F__
  if constexpr (sizeof(Vector) == 64) return _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q) != 0;
#endif
  bool result = false;
  for (std::size_t i = 0; i < sizeof(Vector) / sizeof(float); ++i) result |= value[i] != value[i];
  return result;
}
/// Bytes to integers. GCC 12 takes __builtin_convertvector apart byte by byte in this direction.
template <int N>
SKEWBENCH_INLINE Int<N> widen(Byte<N> value) {
#ifdef __AVX512F__
  // The masked form: the plain one trips GCC 12's warning about uninitialised values.
  if constexpr (N == 16) return reinterpret_cast<Int<N>>(_mm512_maskz_cvtepu8_epi32(0xFFFF, reinterpret_cast<__m128i>(value)));
#endif
  return __builtin_convertvector(value, Int<N>);
}

/// a * b + c with one rounding. Contraction is off in this project, so a fused multiply-add is asked for by name. GCC makes
/// one instruction of the loop too, but so late that arrays of accumulators have been put on the stack by then.
template <class Vector>
SKEWBENCH_INLINE Vector fma(Vector a, Vector b, Vector c) {
#ifdef __AVX512F__
  if constexpr (sizeof(Vector) == 64) return _mm512_fmadd_ps(a, b, c);
#endif
  Vector result;
  for (std::size_t i = 0; i < sizeof(Vector) / sizeof(float); ++i) result[i] = std::fma(a[i], b[i], c[i]);
  return result;
}

/// visit(integral_constant<int, 0>()) .. visit(integral_constant<int, N-1>()), written out by the front end: a small array
/// that is only indexed so is split into registers before any loop pass sees it.
template <int N, class Visit>
SKEWBENCH_INLINE void unrolled(Visit visit) {
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    (visit(std::integral_constant<int, I>()), ...);
  }(std::make_integer_sequence<int, N>());
}

/// visit(first channel, integral_constant<int, lanes>) over channels 0 .. c-1: blocks of kWidth, then single ones.
template <class Visit>
SKEWBENCH_INLINE void for_each_block(int64_t c, Visit visit) {
  int64_t first = 0;
  for (; first + kWidth <= c; first += kWidth) visit(first, std::integral_constant<int, kWidth>());
  for (; first < c; ++first) visit(first, std::integral_constant<int, 1>());
}

}  // namespace skewbench::lanes
