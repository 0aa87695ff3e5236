// Collectives of a warp that are made of the exchange of values.
#pragma once

#include "kernels/cuda_on_cpu/ptx_arithmetic.h"
#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

/// match.any: the members that have this lane's value.
inline uint32_t lanes_with_value(Thread& thread, uint64_t value, uint32_t mask, const Place* place) {
  const uint64_t* const values = exchange(thread, mask, value, place);
  uint32_t same = 0;
  for (uint32_t lane = 0; lane < 32; ++lane)
    if ((mask >> lane & 1) != 0 && values[lane] == value) same |= 1u << lane;
  return same;
}

/// redux: combine(... combine(a, b) ..., z) over the members' values.
template <class T, class Combine>
inline T reduced(Thread& thread, T value, uint32_t mask, Combine combine, const Place* place) {
  const uint64_t* const values = exchange(thread, mask, uint64_t(value), place);
  mask &= lanes_of_warp(thread);
  uint32_t lane = uint32_t(__builtin_ctz(mask));
  T result = T(values[lane]);
  while (++lane < 32)
    if ((mask >> lane & 1) != 0) result = combine(result, T(values[lane]));
  return result;
}

}  // namespace skewbench::cuda_on_cpu
