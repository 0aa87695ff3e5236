// Radix select with digits of 11, 11 and 10 bits, keys four at a time.
//
// Idea       three histograms of 2048 bins instead of four of 256, over 16-byte accesses; a block takes 16384 keys, so that handing
//            2048 bins on is an eighth of its work; and a thread has eight neighbouring keys of a chunk, so that counting and placing
//            take one prefix sum a chunk instead of eight
// Mapping    256 threads a block; histograms: 16384 keys a block; counts and indices: a chunk of 2048, eight keys a thread; one block for
//            digits and prefix sums
// Traffic    the keys five times (20n bytes where the minimum is 4n), 8 bytes a chunk four times; k indices written
// Numerics   integers: the k largest of keys and indices, as top_k.h and random_k.h state
// Limits     any count below 2^31; words 16-byte aligned. 16384 keys a block leave a GPU idle below some two million keys; v1 does not
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/ordered_sum.cuh"
#include "kernels/quantize/radix_select.cuh"
#include "kernels/quantize/radix_select_cuda.h"

namespace skewbench::quantize::v2 {
namespace {

constexpr int kBins = 2048, kBinsOfThread = kBins / kSelectBlock;
constexpr int64_t kQuadsOfBlock = 4096;  // for a histogram
constexpr int kKeysOfThread = kSelectChunk / kSelectBlock;

struct Digit {
  int shift, bits;
};
constexpr Digit kDigits[] = {{21, 11}, {10, 11}, {0, 10}};  // of 10 bits, the upper half of the bins stays empty

// Scratch memory; it starts as zeros up to and including the first count.
struct Scratch {
  uint32_t* histograms;  // [3, kBins]
  Selected* selected;
  uint64_t* counts;      // [chunks]; the first is 0
  static constexpr int64_t kZeros = 3 * kBins * 4 + 8 + 8;

  explicit Scratch(void* memory)
      : histograms(static_cast<uint32_t*>(memory)), selected(reinterpret_cast<Selected*>(histograms + 3 * kBins)),
        counts(reinterpret_cast<uint64_t*>(selected + 1)) {}
};

// Keys 4 quad .. 4 quad + 3, quad < quads_of(count). Those behind the last are 0: no key is smaller and no index lower, so to count them
// changes nothing for the k <= count keys that are wanted.
__device__ uint4 keys_of(const RadixSelect& a, int64_t quad) {
  const float4 words = load_four(reinterpret_cast<const float*>(a.words), quad, a.count);  // moved, not computed with
  return {__float_as_uint(words.x) & a.mask, __float_as_uint(words.y) & a.mask, __float_as_uint(words.z) & a.mask, __float_as_uint(words.w) & a.mask};
}

__global__ void __launch_bounds__(kSelectBlock) radix_select_histogram_v2_kernel(RadixSelect a, Digit digit, const Selected* selected, uint32_t* histogram) {
  __shared__ uint32_t bins[kBins];
  const uint32_t prefix = selected->prefix, largest = (1u << digit.bits) - 1;
#pragma unroll
  for (int b = 0; b < kBinsOfThread; ++b) bins[b * kSelectBlock + threadIdx.x] = 0;
  __syncthreads();  // all bins are 0
  const int64_t first = blockIdx.x * kQuadsOfBlock, end = min(first + kQuadsOfBlock, quads_of(a.count));
  const auto add = [&](uint32_t key) {
    if (uint64_t{key} >> (digit.shift + digit.bits) == prefix) atomicAdd(&bins[key >> digit.shift & largest], 1u);
  };
#pragma unroll 1
  for (int64_t quad = first + threadIdx.x; quad < end; quad += kSelectBlock) {
    const uint4 keys = keys_of(a, quad);
    add(keys.x);
    add(keys.y);
    add(keys.z);
    add(keys.w);
  }
  __syncthreads();  // all keys are counted
#pragma unroll
  for (int b = 0; b < kBinsOfThread; ++b) {
    const uint32_t bin = b * kSelectBlock + threadIdx.x;
    if (bins[bin] != 0) atomicAdd(&histogram[bin], bins[bin]);  // most are empty
  }
}

__global__ void __launch_bounds__(kSelectBlock) radix_select_digit_v2_kernel(int bits, bool is_first, uint32_t k, const uint32_t* histogram,
                                                                             Selected* selected) {
  find_digit<kBinsOfThread>(bits, is_first, k, histogram, selected);
}

// A block a chunk but the last, which may be short and which nobody follows.
__global__ void __launch_bounds__(kSelectBlock) radix_select_count_v2_kernel(RadixSelect a, const Selected* selected, uint64_t* counts) {
  __shared__ uint64_t of_warps[kSelectWarps];
  const uint4* const words = reinterpret_cast<const uint4*>(a.words) + blockIdx.x * (kSelectChunk / 4);
  const uint32_t threshold = selected->prefix;
  uint64_t mine = 0;
#pragma unroll
  for (int row = 0; row < kSelectChunk / 4; row += kSelectBlock) {
    const uint4 four = words[row + threadIdx.x];
    mine += compared(four.x & a.mask, threshold) + compared(four.y & a.mask, threshold) + compared(four.z & a.mask, threshold) +
            compared(four.w & a.mask, threshold);
  }
  const uint64_t all = tree_of_block(mine, of_warps, Plus());
  if (threadIdx.x == 0) counts[blockIdx.x + 1] = all;
}

__global__ void __launch_bounds__(kSelectBlock) radix_select_places_v2_kernel(int64_t chunks, uint64_t* counts) { scan_chunks(chunks, counts); }

__global__ void __launch_bounds__(kSelectBlock) radix_select_indices_v2_kernel(RadixSelect a, const Selected* selected, const uint64_t* counts) {
  __shared__ uint64_t of_warps[kSelectWarps];
  const int64_t first = blockIdx.x * kSelectChunk + threadIdx.x * kKeysOfThread;
  const uint32_t threshold = selected->prefix, left = selected->left;
  uint64_t of_key[kKeysOfThread], sum = 0, all;
#pragma unroll
  for (int half = 0; half < kKeysOfThread / 4; ++half) {
    const int64_t quad = first / 4 + half;
    const uint4 keys = quad < quads_of(a.count) ? keys_of(a, quad) : uint4{};
    const uint32_t key[4] = {keys.x, keys.y, keys.z, keys.w};
#pragma unroll
    for (int c = 0; c < 4; ++c) sum += of_key[4 * half + c] = compared(key[c], threshold);
  }
  uint64_t before = counts[blockIdx.x] + scan_of_block(sum, of_warps, all);
#pragma unroll
  for (int c = 0; c < kKeysOfThread; ++c) {
    store_index(before, of_key[c], left, first + c, a.indices);
    before += of_key[c];
  }
}

}  // namespace

int64_t radix_select_bytes(int64_t count) { return Scratch::kZeros + 8 * (device::ceil_div(count, kSelectChunk) - 1); }

void radix_select(const RadixSelect& a, void* workspace, device::Stream stream) {
  const Scratch scratch(workspace);
  const int64_t chunks = device::ceil_div(a.count, kSelectChunk);
  const unsigned blocks = static_cast<unsigned>(chunks), histogram_blocks = static_cast<unsigned>(device::ceil_div(a.count, 4 * kQuadsOfBlock));
  CUDA_CALL(cudaMemsetAsync(workspace, 0, Scratch::kZeros, stream));
  for (int d = 0; d < 3; ++d) {
    uint32_t* const histogram = scratch.histograms + d * kBins;
    radix_select_histogram_v2_kernel<<<histogram_blocks, kSelectBlock, 0, stream>>>(a, kDigits[d], scratch.selected, histogram);
    CUDA_LAUNCHED(radix_select_histogram_v2_kernel);
    radix_select_digit_v2_kernel<<<1, kSelectBlock, 0, stream>>>(kDigits[d].bits, d == 0, static_cast<uint32_t>(a.k), histogram, scratch.selected);
    CUDA_LAUNCHED(radix_select_digit_v2_kernel);
  }
  if (chunks > 1) {
    radix_select_count_v2_kernel<<<blocks - 1, kSelectBlock, 0, stream>>>(a, scratch.selected, scratch.counts);
    CUDA_LAUNCHED(radix_select_count_v2_kernel);
  }
  radix_select_places_v2_kernel<<<1, kSelectBlock, 0, stream>>>(chunks, scratch.counts);
  CUDA_LAUNCHED(radix_select_places_v2_kernel);
  radix_select_indices_v2_kernel<<<blocks, kSelectBlock, 0, stream>>>(a, scratch.selected, scratch.counts);
  CUDA_LAUNCHED(radix_select_indices_v2_kernel);
}

}  // namespace skewbench::quantize::v2
