// What the CUDA versions of TernGrad share: what a chunk leaves, and the scale from the chunks. For .cu files of this folder.
#pragma once

#include "kernels/quantize/ordered_sum.cuh"
#include "kernels/quantize/ternary_rounding.h"

namespace skewbench::quantize {

/// Of a lane, a chunk or all: with clipping the sums of deviations and of their squares, without the largest magnitude.
struct Shares {
  double sum_or_largest, squares;

  __device__ void add(float v, float first, bool is_clipped) {
    if (is_clipped) {
      const double deviation = double(v) - double(first);
      sum_or_largest += deviation;
      squares += deviation * deviation;
    } else {
      sum_or_largest = Larger()(sum_or_largest, fabs(double(v)));
    }
  }
  __device__ void merge(const Shares& other, bool is_clipped) {
    sum_or_largest = is_clipped ? sum_or_largest + other.sum_or_largest : Larger()(sum_or_largest, other.sum_or_largest);
    squares += other.squares;
  }
};

/// The scale as it stands in memory, from what all chunks left: sums or largest magnitudes [chunks], squares [chunks]. By one block of
/// lane_threads(chunks); thread 0 gets it.
__device__ inline uint32_t ternary_scale_bits(int64_t count, float clip, bool is_clipped, int64_t chunks, const double* partials,
                                              double (&of_warps)[2][kWarpsOfBlock]) {
  if (!is_clipped) return scale_bits(static_cast<float>(lanes_of_block(chunks, partials, of_warps[0], Larger())));
  const double sum = lanes_of_block(chunks, partials, of_warps[0], Plus());
  return clipped_scale_bits(sum, lanes_of_block(chunks, partials + chunks, of_warps[1], Plus()), count, clip);
}

/// partials[chunk] and partials[chunks + chunk] from every thread's share.
__device__ inline void store_chunk(const Shares& lane, bool is_clipped, int64_t chunks, double* partials, double (&of_warps)[2][kWarpsOfBlock]) {
  const double sum_or_largest = is_clipped ? tree_of_block(lane.sum_or_largest, of_warps[0], Plus()) : tree_of_block(lane.sum_or_largest, of_warps[0], Larger());
  if (threadIdx.x == 0) partials[blockIdx.x] = sum_or_largest;
  if (!is_clipped) return;
  const double squares = tree_of_block(lane.squares, of_warps[1], Plus());
  if (threadIdx.x == 0) partials[chunks + blockIdx.x] = squares;
}

}  // namespace skewbench::quantize
