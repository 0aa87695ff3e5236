// ordered_sum.h in warps and thread blocks. For .cu files of this folder.
//
// Loops whose number of turns is not known are not unrolled: they have few, and what is never reached is never tested.
#pragma once

#include "kernels/base/launch.h"
#include "kernels/quantize/ordered_sum.h"

namespace skewbench::quantize {

inline constexpr unsigned kWholeWarp = 0xFFFFFFFFu;
inline constexpr int kWarpsOfBlock = kLanes / device::kWarp;  // at most: the size of tree_of_block's scratch memory

struct Plus {
  template <class T>
  __device__ T operator()(T a, T b) const { return a + b; }
};
/// Of magnitudes: a NaN is larger than all.
struct Larger {
  __device__ double operator()(double a, double b) const { return a > b || a != a ? a : b; }
};

/// The lanes' values as a balanced tree of neighbours; lane 0 gets the result, the others a part of it.
template <class T, class Combine>
__device__ T tree_of_warp(T value, Combine combine) {
#pragma unroll
  for (int step = 1; step < device::kWarp; step *= 2) value = combine(value, __shfl_down_sync(kWholeWarp, value, step));
  return value;
}

/// The threads' values as a balanced tree of neighbours, warps without a thread counting as 0; thread 0 gets the result. The block has
/// whole warps. `of_warps` is used once: a second call needs memory of its own or a barrier between.
template <class T, class Combine>
__device__ T tree_of_block(T value, T (&of_warps)[kWarpsOfBlock], Combine combine) {
  value = tree_of_warp(value, combine);
  const int lane = static_cast<int>(threadIdx.x) % device::kWarp, warps = static_cast<int>(blockDim.x) / device::kWarp;
  if (lane == 0) of_warps[threadIdx.x / device::kWarp] = value;
  __syncthreads();  // every warp's value is there
  return tree_of_warp(lane < warps ? of_warps[lane] : T{0}, combine);
}

/// lane_sum of terms in memory by a block that has a thread for every lane in use: lane_threads(count). Thread 0 gets it.
template <class Combine>
__device__ double lanes_of_block(int64_t count, const double* terms, double (&of_warps)[kWarpsOfBlock], Combine combine) {
  double lane = 0;
#pragma unroll 1
  for (int64_t i = threadIdx.x; i < count; i += kLanes) lane = combine(lane, terms[i]);
  return tree_of_block(lane, of_warps, combine);
}

/// Threads of a block that has one for every lane that `count` terms use, in whole warps.
inline unsigned lane_threads(int64_t count) {
  return static_cast<unsigned>(count < kLanes ? device::ceil_div(count, device::kWarp) * device::kWarp : kLanes);
}

}  // namespace skewbench::quantize
