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

// All functions are inlined, so how a wide vector would be passed without AVX-512 does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace skewbench::lanes {

#define SKEWBENCH_INLINE [[gnu::always_inline]] inline

inline constexpr int kWidth = 16;

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
#ifdef __AVX512F__
  if constexpr (std::is_same_v<Vector, Float<16>>) return _mm512_set1_ps(value);
#endif
  Vector result;
  for (std::size_t i = 0; i < sizeof(Vector) / sizeof(T); ++i) result[i] = value;
  return result;
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
