// Radix select with digits of 8 bits, one key a thread at a time.
//
// Idea       four histograms of 256 bins in shared memory find the k-th largest key byte by byte; then counting and a prefix sum over
//            chunks say where each chunk's indices go, so the result has a fixed length and order without sorting
// Mapping    a block of 256 threads a chunk of 2048 keys for histograms, counts and indices; one block for digits and prefix sums
// Traffic    the keys six times (24n bytes where the minimum is 4n), 8 bytes a chunk four times; k indices written
// Numerics   integers: the k largest of keys and indices, as top_k.h and random_k.h state
// Limits     any count below 2^31. v2 reads the keys five times, 16 bytes an access
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/ordered_sum.cuh"
#include "kernels/quantize/radix_select.cuh"
#include "kernels/quantize/radix_select_cuda.h"

namespace skewbench::quantize::v1 {
namespace {

constexpr int kBits = 8, kDigits = 32 / kBits, kBins = 1 << kBits;

// Scratch memory; it starts as zeros up to and including the first count.
struct Scratch {
  uint32_t* histograms;  // [kDigits, kBins]
  Selected* selected;
  uint64_t* counts;      // [chunks]; the first is 0
  static constexpr int64_t kZeros = kDigits * kBins * 4 + 8 + 8;

  explicit Scratch(void* memory)
      : histograms(static_cast<uint32_t*>(memory)), selected(reinterpret_cast<Selected*>(histograms + kDigits * kBins)),
        counts(reinterpret_cast<uint64_t*>(selected + 1)) {}
};

__global__ void __launch_bounds__(kSelectBlock) radix_select_histogram_v1_kernel(RadixSelect a, int shift, const Selected* selected, uint32_t* histogram) {
  __shared__ uint32_t bins[kBins];
  const int64_t begin = blockIdx.x * kSelectChunk, end = min(begin + kSelectChunk, a.count);
  const uint32_t prefix = selected->prefix;
  bins[threadIdx.x] = 0;
  __syncthreads();  // all bins are 0
#pragma unroll 1
  for (int64_t i = begin + threadIdx.x; i < end; i += kSelectBlock) {
    const uint32_t key = a.words[i] & a.mask;
    if (uint64_t{key} >> (shift + kBits) == prefix) atomicAdd(&bins[key >> shift & (kBins - 1)], 1u);
  }
  __syncthreads();  // all keys are counted
  atomicAdd(&histogram[threadIdx.x], bins[threadIdx.x]);
}

__global__ void __launch_bounds__(kSelectBlock) radix_select_digit_v1_kernel(bool is_first, uint32_t k, const uint32_t* histogram, Selected* selected) {
  find_digit<kBins / kSelectBlock>(kBits, is_first, k, histogram, selected);
}

// A block a chunk but the last, which may be short and which nobody follows.
__global__ void __launch_bounds__(kSelectBlock) radix_select_count_v1_kernel(RadixSelect a, const Selected* selected, uint64_t* counts) {
  __shared__ uint64_t of_warps[kSelectWarps];
  const uint32_t* const words = a.words + blockIdx.x * kSelectChunk;
  const uint32_t threshold = selected->prefix;
  uint64_t mine = 0;
#pragma unroll
  for (int row = 0; row < kSelectChunk; row += kSelectBlock) mine += compared(words[row + threadIdx.x] & a.mask, threshold);
  const uint64_t all = tree_of_block(mine, of_warps, Plus());
  if (threadIdx.x == 0) counts[blockIdx.x + 1] = all;
}

__global__ void __launch_bounds__(kSelectBlock) radix_select_places_v1_kernel(int64_t chunks, uint64_t* counts) { scan_chunks(chunks, counts); }

__global__ void __launch_bounds__(kSelectBlock) radix_select_indices_v1_kernel(RadixSelect a, const Selected* selected, const uint64_t* counts) {
  __shared__ uint64_t of_warps[2][kSelectWarps];  // by turns, so that one barrier a row is enough
  const int64_t begin = blockIdx.x * kSelectChunk, end = min(begin + kSelectChunk, a.count);
  const uint32_t threshold = selected->prefix, left = selected->left;
  uint64_t before = counts[blockIdx.x];
  int turn = 0;
  int64_t row = begin;
#pragma unroll 1
  do {
    const int64_t i = row + threadIdx.x;
    const uint64_t mine = i < end ? compared(a.words[i] & a.mask, threshold) : 0;
    uint64_t all;
    const uint64_t of_row = scan_of_block(mine, of_warps[turn], all);
    store_index(before + of_row, mine, left, i, a.indices);
    before += all;
    row += kSelectBlock;
    turn ^= 1;
  } while (row < end);
}

}  // namespace

int64_t radix_select_bytes(int64_t count) { return Scratch::kZeros + 8 * (device::ceil_div(count, kSelectChunk) - 1); }

void radix_select(const RadixSelect& a, void* workspace, device::Stream stream) {
  const Scratch scratch(workspace);
  const int64_t chunks = device::ceil_div(a.count, kSelectChunk);
  const unsigned blocks = static_cast<unsigned>(chunks);
  CUDA_CALL(cudaMemsetAsync(workspace, 0, Scratch::kZeros, stream));
  for (int digit = 0; digit < kDigits; ++digit) {
    uint32_t* const histogram = scratch.histograms + digit * kBins;
    radix_select_histogram_v1_kernel<<<blocks, kSelectBlock, 0, stream>>>(a, 32 - kBits * (digit + 1), scratch.selected, histogram);
    CUDA_LAUNCHED(radix_select_histogram_v1_kernel);
    radix_select_digit_v1_kernel<<<1, kSelectBlock, 0, stream>>>(digit == 0, static_cast<uint32_t>(a.k), histogram, scratch.selected);
    CUDA_LAUNCHED(radix_select_digit_v1_kernel);
  }
  if (chunks > 1) {
    radix_select_count_v1_kernel<<<blocks - 1, kSelectBlock, 0, stream>>>(a, scratch.selected, scratch.counts);
    CUDA_LAUNCHED(radix_select_count_v1_kernel);
  }
  radix_select_places_v1_kernel<<<1, kSelectBlock, 0, stream>>>(chunks, scratch.counts);
  CUDA_LAUNCHED(radix_select_places_v1_kernel);
  radix_select_indices_v1_kernel<<<blocks, kSelectBlock, 0, stream>>>(a, scratch.selected, scratch.counts);
  CUDA_LAUNCHED(radix_select_indices_v1_kernel);
}

}  // namespace skewbench::quantize::v1
