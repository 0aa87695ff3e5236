// Reads of shared memory that nobody has written: every block starts with memory of its own.
#include "kernels/cuda_on_cpu/memory_checks_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

template <bool kBug>
__global__ void one_thread_does_not_write(float* data) {
  __shared__ float s[32];
  if (!kBug || threadIdx.x != 5) s[threadIdx.x] = data[threadIdx.x];
  __syncthreads();
  data[threadIdx.x] = s[threadIdx.x ^ 1];
}

// Three bytes of a word are written, and a word is read.
template <bool kBug>
__global__ void one_byte_is_missing(float* data) {
  __shared__ unsigned words[8];
  const unsigned t = threadIdx.x;
  if (!kBug || t != 11) reinterpret_cast<unsigned char*>(words)[t] = static_cast<unsigned char>(t);
  __syncthreads();
  if (t < 8) data[t] = static_cast<float>(words[t]);
}

template <bool kBug>
__global__ void atomic_without_initial_value(float* data) {
  __shared__ int count;
  if (!kBug && threadIdx.x == 0) count = 0;
  __syncthreads();
  atomicAdd(&count, 1);
  __syncthreads();
  data[threadIdx.x] = static_cast<float>(count);
}

// What the first block has written is not there for the second one.
template <bool kBug>
__global__ void only_the_first_block_writes(float* data) {
  __shared__ float s[32];
  if (!kBug || blockIdx.x == gridDim.x / 2) s[threadIdx.x] = data[threadIdx.x];
  __syncthreads();
  data[64 + 32 * blockIdx.x + threadIdx.x] = s[31 - threadIdx.x];
}

template <bool kBug>
__global__ void vector_with_a_gap(float* data) {
  __shared__ float4 s[32];
  auto* const floats = reinterpret_cast<float*>(s);
  for (int i = 0; i < (kBug ? 3 : 4); ++i) floats[4 * threadIdx.x + static_cast<unsigned>(i)] = data[threadIdx.x];
  __syncthreads();
  const float4 value = s[31 - threadIdx.x];
  data[threadIdx.x] = value.x + value.w;
}

#define BOTH(kernel, blocks, threads) start<kernel<true>, blocks, threads>, start<kernel<false>, blocks, threads>
const BugCase kCases[] = {
    {"one_thread_does_not_write", {"a read of 4 bytes of shared memory at offset 20, which no thread of the block has written", "thread (4,0,0)"},
     cudaErrorLaunchFailure, BOTH(one_thread_does_not_write, 1, 32)},
    {"one_byte_is_missing", {"a read of 4 bytes of shared memory at offset 8, which no thread of the block has written", "thread (2,0,0)"}, cudaErrorLaunchFailure,
     BOTH(one_byte_is_missing, 1, 32)},
    {"atomic_without_initial_value", {"an atomic operation of 4 bytes of shared memory at offset 0, which no thread"}, cudaErrorLaunchFailure,
     BOTH(atomic_without_initial_value, 1, 32)},
    {"only_the_first_block_writes", {"a read of 4 bytes of shared memory", "which no thread of the block has written"}, cudaErrorLaunchFailure,
     BOTH(only_the_first_block_writes, 3, 32)},
    {"vector_with_a_gap", {"a read of 16 bytes of shared memory", "which no thread of the block has written"}, cudaErrorLaunchFailure, BOTH(vector_with_a_gap, 1, 32)},
};

}  // namespace

std::span<const BugCase> written_before_read_cases() { return kCases; }

}  // namespace skewbench::cuda_on_cpu
