// Reductions over a warp and over a block by shuffles, in a fixed order. For .cu files.
//
// What is reduced is a type whose zeroes (T{}) are neutral, with merge(other), which adds `other` to it, and down(offset), the
// value of the lane `offset` above. Shuffles go down only: of each class of lanes the lowest ends up with the result, the
// others with a part of it. Loops whose turns are not known stay loops: unrolled, they would only be longer.
#pragma once

#include "kernels/base/launch.h"

namespace skewbench::device {

__device__ inline float lane_above(float value, int offset) { return __shfl_down_sync(0xffffffffu, value, offset); }

/// N sums.
template <int N>
struct Sums {
  float of[N];
  __device__ void merge(const Sums& other) {
#pragma unroll
    for (int i = 0; i < N; ++i) of[i] += other.of[i];
  }
  __device__ Sums down(int offset) const {
    Sums result{};
#pragma unroll
    for (int i = 0; i < N; ++i) result.of[i] = lane_above(of[i], offset);
    return result;
  }
};

/// Count, mean and sum of squared deviations from it, of numbers that come one at a time (Welford, Technometrics 1962) or as
/// the moments of others (Chan, Golub and LeVeque, 1983). The count is exact up to 2^24 and approximate beyond.
struct Moments {
  float count, mean, squares;
  __device__ void add(float value) {
    count += 1;
    const float delta = value - mean;
    mean += delta / count;
    squares = fmaf(delta, value - mean, squares);
  }
  __device__ void merge(const Moments& other) {
    if (other.count == 0) return;  // nothing to add; and two empty ones would divide by zero
    const float before = count, delta = other.mean - mean;
    count += other.count;
    const float share = other.count / count;
    mean = fmaf(delta, share, mean);
    squares += fmaf(delta * delta, before * share, other.squares);
  }
  __device__ Moments down(int offset) const {
    return {lane_above(count, offset), lane_above(mean, offset), lane_above(squares, offset)};
  }
};

/// Over those of the first kLanes lanes of a warp whose numbers agree modulo kClasses (both powers of two); the result of class i is in
/// lane i. All 32 lanes must arrive.
template <int kLanes = kWarp, int kClasses = 1, class T>
__device__ inline void reduce_lanes(T& value) {
#pragma unroll
  for (int offset = kLanes / 2; offset >= kClasses; offset /= 2) value.merge(value.down(offset));
}

inline constexpr int kMostWarps = 8;  ///< of a block in the reductions below, that is 256 threads

/// Over the block, whose threads are whole warps and all arrive; the result is in thread 0. `slots` has an element a warp and
/// may be used again after the next barrier.
template <class T>
__device__ inline void reduce_block(T& value, T* slots) {
  reduce_lanes(value);
  if (threadIdx.x % kWarp == 0) slots[threadIdx.x / kWarp] = value;
  __syncthreads();  // the slots are written
  if (threadIdx.x < kWarp) {
    value = threadIdx.x < blockDim.x / kWarp ? slots[threadIdx.x] : T{};
    reduce_lanes<kMostWarps>(value);
  }
}

/// The same for a block of exactly kMostWarps warps.
template <class T>
__device__ inline void reduce_whole_block(T& value, T* slots) {
  reduce_lanes(value);
  if (threadIdx.x % kWarp == 0) slots[threadIdx.x / kWarp] = value;
  __syncthreads();  // the slots are written
  if (threadIdx.x < kWarp) {
    value = slots[min(static_cast<int>(threadIdx.x), kMostWarps - 1)];  // of the lanes behind them no result is asked
    reduce_lanes<kMostWarps>(value);
  }
}

/// The second half of a reduction over the threads of the block whose numbers agree modulo `classes`, when each warp has reduced its
/// lanes; the result of class i is in thread i. `slots` has `classes` elements a warp and may be used again after the next barrier.
template <class T>
__device__ inline void reduce_warps(T& value, int classes, int warps, T* slots) {
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  if (lane < classes) slots[warp * classes + lane] = value;
  __syncthreads();  // the slots are written
  if (threadIdx.x >= classes) return;
  value = {};
  int other = 0;
#pragma unroll 1
  do value.merge(slots[other * classes + threadIdx.x]);
  while (++other < warps);
}

/// Over the threads of the block whose numbers agree modulo `classes` (a power of two up to 32), as reduce_block().
template <class T>
__device__ inline void reduce_block_classes(T& value, int classes, T* slots) {
#pragma unroll 1
  for (int offset = kWarp / 2; offset != classes / 2; offset /= 2) value.merge(value.down(offset));
  reduce_warps(value, classes, blockDim.x / kWarp, slots);
}

/// The same for at most kMostClasses (below 32) classes, and a block of exactly kMostWarps warps.
template <int kMostClasses, class T>
__device__ inline void reduce_whole_block_classes(T& value, int classes, T* slots) {
  reduce_lanes<kWarp, kMostClasses>(value);
#pragma unroll 1
  for (int offset = kMostClasses / 2; offset != classes / 2; offset /= 2) value.merge(value.down(offset));
  reduce_warps(value, classes, kMostWarps, slots);
}

}  // namespace skewbench::device
