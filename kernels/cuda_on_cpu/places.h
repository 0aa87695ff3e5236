// A place in 32 bits, for what is kept of every access.
#pragma once

#include <cstdint>

#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

/// Tables of places are static data of the program, so they lie within 2 GiB of each other. 0: not to be expressed so.
inline constexpr char kPlaceOrigin = 0;

inline int32_t pack(const Place* place) {
  const int64_t distance = reinterpret_cast<int64_t>(place) - reinterpret_cast<int64_t>(&kPlaceOrigin);
  return static_cast<int32_t>(distance) == distance ? static_cast<int32_t>(distance) : 0;
}

inline const Place* unpack(int32_t packed) {
  return packed == 0 ? nullptr : reinterpret_cast<const Place*>(reinterpret_cast<int64_t>(&kPlaceOrigin) + packed);
}

}  // namespace skewbench::cuda_on_cpu
