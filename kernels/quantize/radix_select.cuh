// Steps of a radix select that its CUDA versions share. For .cu files of this folder.
//
//   digit by digit from the top   a histogram over the keys that agree with the digits found so far; the digit in which the k-th
//                                 largest key lies
//   then the threshold is known   per chunk but the last, how many keys are larger and how many are equal; where each chunk's indices
//                                 begin; indices
//
// Histograms are the only place where atomics add: they add integers, so their order does not matter.
#pragma once

#include "kernels/base/launch.h"

namespace skewbench::quantize {

inline constexpr int kSelectBlock = 256;       // threads of every kernel
inline constexpr int kSelectWarps = kSelectBlock / device::kWarp;
inline constexpr int64_t kSelectChunk = 2048;  // keys that a block compares with the threshold

/// What is known after a digit.
struct Selected {
  uint32_t prefix;  ///< the digits of the k-th largest key so far; in the end the threshold
  uint32_t left;    ///< how many of the keys with this prefix belong to the k largest, at least one
};

/// Exclusive prefix sum over the threads of a block of kSelectBlock, and the sum of all. One barrier; `of_warps` must not be used again
/// before another.
__device__ inline uint64_t scan_of_block(uint64_t value, uint64_t (&of_warps)[kSelectWarps], uint64_t& all) {
  const int lane = static_cast<int>(threadIdx.x) % device::kWarp, warp = static_cast<int>(threadIdx.x) / device::kWarp;
  uint64_t sum = value;
#pragma unroll
  for (int step = 1; step < device::kWarp; step *= 2) {
    const uint64_t below = __shfl_up_sync(0xFFFFFFFFu, sum, step);
    if (lane >= step) sum += below;
  }
  if (lane == device::kWarp - 1) of_warps[warp] = sum;
  __syncthreads();  // every warp's sum is there
  uint64_t before = 0;
  all = 0;
#pragma unroll
  for (int other = 0; other < kSelectWarps; ++other) {
    if (other == warp) before = all;
    all += of_warps[other];
  }
  return before + sum - value;
}

/// The digit of the k-th largest key from the histogram of a digit of log2(kSelectBlock * kBins) bits, by one block. Thread t has bins
/// from the top: it looks for the one that the last of the keys still wanted falls into.
template <int kBins>
__device__ void find_digit(int bits, bool is_first, uint32_t k, const uint32_t* histogram, Selected* selected) {
  __shared__ uint64_t of_warps[kSelectWarps];
  const uint32_t left = is_first ? k : selected->left, prefix = selected->prefix;
  const int top = (kSelectBlock - static_cast<int>(threadIdx.x)) * kBins - 1;
  uint64_t mine = 0, all;
#pragma unroll
  for (int b = 0; b < kBins; ++b) mine += histogram[top - b];
  uint64_t before = scan_of_block(mine, of_warps, all);  // its barrier: everybody has read `selected`
#pragma unroll
  for (int b = 0; b < kBins; ++b) {
    const uint64_t up_to = before + histogram[top - b];
    if (before < left && left <= up_to) *selected = {prefix << bits | static_cast<uint32_t>(top - b), left - static_cast<uint32_t>(before)};
    before = up_to;
  }
}

/// Two counts in one: larger keys in the low half, equal ones in the high half; sums stay below 2^31 each.
__device__ inline uint64_t compared(uint32_t key, uint32_t threshold) {
  return key > threshold ? 1u : key == threshold ? uint64_t{1} << 32 : 0u;
}

/// How many of the keys counted in `before` belong to the k largest: the larger ones, and of the equal ones the first `left`.
__device__ inline uint32_t selected_of(uint64_t before, uint32_t left) {
  return static_cast<uint32_t>(before) + min(static_cast<uint32_t>(before >> 32), left);
}

/// Stores index i if its key, `mine` by compared(), belongs to the k largest; `before` counts the keys with lower indices.
__device__ inline void store_index(uint64_t before, uint64_t mine, uint32_t left, int64_t i, int32_t* indices) {
  const uint32_t place = selected_of(before, left);
  if (selected_of(before + mine, left) != place) indices[place] = static_cast<int32_t>(i);
}

/// counts [chunks], of which the first is 0 and chunk c + 1 has what chunk c counted, become their prefix sums, by one block.
__device__ inline void scan_chunks(int64_t chunks, uint64_t* counts) {
  __shared__ uint64_t of_warps[2][kSelectWarps];  // by turns, so that one barrier a tile is enough
  uint64_t before = 0;
  int turn = 0;
  int64_t tile = 0;
#pragma unroll 1
  do {
    const int64_t chunk = tile + threadIdx.x;
    uint64_t all;
    const uint64_t mine = chunk < chunks ? counts[chunk] : 0;
    const uint64_t prefix = scan_of_block(mine, of_warps[turn], all);
    if (chunk < chunks) counts[chunk] = before + prefix + mine;
    before += all;
    tile += kSelectBlock;
    turn ^= 1;
  } while (tile < chunks);
}

}  // namespace skewbench::quantize
