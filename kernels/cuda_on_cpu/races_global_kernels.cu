// Races in global memory: within a block, between blocks, with atomics; and accesses of bytes and halves beside each other.
#include "kernels/cuda_on_cpu/races_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

template <bool kBug>
__global__ void within_a_block(float* data) {
  const int t = static_cast<int>(threadIdx.x);
  data[t] = 1;
  if (!kBug) __syncthreads();
  data[64 + t] = data[63 - t];
}

template <bool kBug>
__global__ void blocks_write(float* data) {
  if (threadIdx.x == 0) data[kBug ? 0 : blockIdx.x] = 1;
}

template <bool kBug>
__global__ void a_block_reads_what_another_writes(float* data) {
  const unsigned blocks = gridDim.x;
  if (threadIdx.x == 0) data[blocks + blockIdx.x] = data[kBug ? (blockIdx.x + 1) % blocks + blocks : blockIdx.x];
}

// A fence makes writes visible in order; it makes nobody wait.
template <bool kBug>
__global__ void blocks_with_a_fence(float* data) {
  if (blockIdx.x == 0) data[threadIdx.x] = 1;
  __threadfence();
  if (blockIdx.x == 1) data[64 + threadIdx.x] = kBug ? data[threadIdx.x] : 2;
}

template <bool kBug>
__global__ void atomics_and_a_read(float* data) {
  __shared__ float sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  atomicAdd(&sum, data[threadIdx.x]);
  if (!kBug) __syncthreads();
  data[threadIdx.x] = sum;
}

template <bool kBug>
__global__ void atomics_and_a_write(float* data) {
  atomicAdd(&data[0], 1.0f);
  if (kBug && blockIdx.x == 1 && threadIdx.x == 0) data[0] = 0;
}

// The last block to arrive adds up what the others wrote: atomics order nothing, a second kernel would.
template <bool kBug>
__global__ void last_block_done(float* data) {
  __shared__ bool is_last;
  auto* const counter = reinterpret_cast<unsigned*>(data + 1024);
  if (threadIdx.x == 0) {
    data[blockIdx.x] = 1;
    __threadfence();
    is_last = atomicAdd(counter, 1u) % gridDim.x == gridDim.x - 1;
  }
  __syncthreads();
  if (kBug && is_last && threadIdx.x == 0) data[32] = data[0] + data[1] + data[2];
}

// Neighbouring bytes of a word are different memory; the word itself is all of them.
template <bool kBug>
__global__ void bytes(float* data) {
  auto* const at = reinterpret_cast<unsigned char*>(data);
  at[threadIdx.x] = static_cast<unsigned char>(threadIdx.x);
  if (kBug && threadIdx.x == 9) at[34] = 1;
}

template <bool kBug>
__global__ void bytes_and_a_word(float* data) {
  __shared__ unsigned words[16];
  if (threadIdx.x < 16) words[threadIdx.x] = 0;
  __syncthreads();
  auto* const at = reinterpret_cast<unsigned char*>(words);
  at[threadIdx.x] = static_cast<unsigned char>(threadIdx.x);
  if (!kBug) __syncthreads();
  if (threadIdx.x < 16) data[threadIdx.x] = static_cast<float>(words[15 - threadIdx.x]);
}

template <bool kBug>
__global__ void halves(float* data) {
  auto* const at = reinterpret_cast<unsigned short*>(data);
  at[threadIdx.x] = static_cast<unsigned short>(threadIdx.x);
  if (!kBug) __syncthreads();
  at[128 + threadIdx.x] = at[threadIdx.x ^ 32];
}

// A byte of a word that another thread has just written as a whole.
template <bool kBug>
__global__ void word_and_a_byte(float* data) {
  if (threadIdx.x == 0) data[7] = 1;
  if (threadIdx.x == 1) reinterpret_cast<unsigned char*>(data)[kBug ? 30 : 32] = 1;
}

template <bool kBug>
__global__ void bytes_of_two_blocks(float* data) {
  if (threadIdx.x == 0) reinterpret_cast<unsigned char*>(data)[kBug ? 5 : 4 + blockIdx.x] = 1;
}

// What the first kernel writes, the second one may read: kernels of a stream are ordered.
__global__ void fill(float* data) { data[64 * blockIdx.x + threadIdx.x] = 1; }
__global__ void reverse_read(float* data) {
  data[1024 + 64 * blockIdx.x + threadIdx.x] = data[64 * gridDim.x - 1 - (64 * blockIdx.x + threadIdx.x)];
}
__global__ void fill_and_reverse_read(float* data) {
  data[64 * blockIdx.x + threadIdx.x] = 1;
  data[1024 + 64 * blockIdx.x + threadIdx.x] = data[64 * gridDim.x - 1 - (64 * blockIdx.x + threadIdx.x)];
}
void two_kernels(const BugData& data) {
  fill<<<4, 64>>>(data.floats);
  reverse_read<<<4, 64>>>(data.floats);
}

#define BOTH(kernel, blocks, threads) start<kernel<true>, blocks, threads>, start<kernel<false>, blocks, threads>
const BugCase kCases[] = {
    {"within_a_block", {"race: a ", "of 4 bytes of global memory at 0x", "bytes into an allocation of 16384 bytes", "by thread ("}, cudaErrorLaunchFailure,
     BOTH(within_a_block, 1, 64)},
    {"blocks_write", {"race: a write of 4 bytes of global memory", "a write by block ("}, cudaErrorLaunchFailure, BOTH(blocks_write, 3, 32)},
    {"a_block_reads_what_another_writes", {"race: a ", "of global memory", "by block ("}, cudaErrorLaunchFailure,
     BOTH(a_block_reads_what_another_writes, 3, 32)},
    {"blocks_with_a_fence", {"race: a ", "by block ("}, cudaErrorLaunchFailure, BOTH(blocks_with_a_fence, 2, 64)},
    {"atomics_and_a_read", {"race: a", "of shared memory", "by thread ("}, cudaErrorLaunchFailure, BOTH(atomics_and_a_read, 1, 64)},
    {"atomics_and_a_write", {"race: a", "of global memory"}, cudaErrorLaunchFailure, BOTH(atomics_and_a_write, 3, 64)},
    {"last_block_done", {"race: a read of 4 bytes of global memory", "a write by block ("}, cudaErrorLaunchFailure, BOTH(last_block_done, 3, 32)},
    {"bytes", {"race: a write of 1 byte of global memory", "a write by thread ("}, cudaErrorLaunchFailure, BOTH(bytes, 1, 64)},
    {"bytes_and_a_word", {"race: a", "of shared memory"}, cudaErrorLaunchFailure, BOTH(bytes_and_a_word, 1, 64)},
    {"halves", {"race: a", "of 2 bytes of global memory"}, cudaErrorLaunchFailure, BOTH(halves, 1, 64)},
    {"word_and_a_byte", {"race: a write of", "a write by thread ("}, cudaErrorLaunchFailure, BOTH(word_and_a_byte, 1, 32)},
    {"bytes_of_two_blocks", {"race: a write of 1 byte", "a write by block ("}, cudaErrorLaunchFailure, BOTH(bytes_of_two_blocks, 2, 32)},
    {"two_kernels", {"race: a ", "of global memory"}, cudaErrorLaunchFailure, start<fill_and_reverse_read, 4, 64>, two_kernels},
};

}  // namespace

std::span<const BugCase> global_race_cases() { return kCases; }

}  // namespace skewbench::cuda_on_cpu
