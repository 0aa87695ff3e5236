// Reductions over the lanes of a warp: pairwise exchange, so every lane ends with the same bits.
#pragma once

#include "kernels/base/launch.h"

namespace skewbench::softmax_cross_entropy {

__device__ inline float warp_maximum(float value) {
  for (int other = device::kWarp / 2; other > 0; other /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, other));
  return value;
}

__device__ inline float warp_sum(float value) {
  for (int other = device::kWarp / 2; other > 0; other /= 2) value += __shfl_xor_sync(0xffffffff, value, other);
  return value;
}

}  // namespace skewbench::softmax_cross_entropy
