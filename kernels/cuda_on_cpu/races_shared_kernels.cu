// Races in shared memory that a barrier of the block or a __syncwarp() would prevent. BUG is the missing one.
#include "kernels/cuda_on_cpu/races_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr int kBlock = 64;  // two warps

// So that a read too early is a race, and not a read of what nobody has written.
template <class T, int size>
__device__ void clear(T (&shared)[size]) {
  if (threadIdx.x < size) shared[threadIdx.x] = T{};
  __syncthreads();
}

template <bool kBug>
__global__ void write_then_read(float* data) {
  __shared__ float s[kBlock];
  clear(s);
  const int t = static_cast<int>(threadIdx.x);
  s[t] = data[t];
  if (!kBug) __syncthreads();
  data[t] = s[kBlock - 1 - t];
}

template <bool kBug>
__global__ void read_then_write(float* data) {
  __shared__ float s[kBlock];
  const int t = static_cast<int>(threadIdx.x);
  s[t] = data[t];
  __syncthreads();
  const float other = s[kBlock - 1 - t];
  if (!kBug) __syncthreads();
  s[t] = other;
  data[t] = s[t];
}

template <bool kBug>
__global__ void write_then_write(float* data) {
  __shared__ float s[1];
  const int t = static_cast<int>(threadIdx.x);
  if (t % 32 == 0 && (kBug || t == 0)) s[0] = data[t];
  __syncthreads();
  data[t] = s[0];
}

// The same value, even: which of the writes a GPU performs is its affair, but two at once are undefined.
template <bool kBug>
__global__ void write_the_same(float* data) {
  __shared__ volatile float s[1];  // or the compiler sees that every thread knows the value
  if (kBug || threadIdx.x == 0) s[0] = 1;
  __syncthreads();
  data[threadIdx.x] = s[0];
}

template <bool kBug>
__global__ void within_a_warp(float* data) {
  __shared__ float s[32];
  clear(s);
  const int t = static_cast<int>(threadIdx.x);
  s[t] = data[t];
  if (!kBug) __syncwarp();
  data[t] = s[31 - t];
}

template <bool kBug>
__global__ void within_a_warp_read_then_write(float* data) {
  __shared__ float s[32];
  const int t = static_cast<int>(threadIdx.x);
  s[t] = data[t];
  __syncwarp();
  const float other = s[31 - t];
  if (!kBug) __syncwarp();
  s[t] = other;
  data[t] = s[t];
}

// A warp's collective orders that warp and no other.
template <bool kBug>
__global__ void warp_collective_for_a_block(float* data) {
  __shared__ float s[kBlock];
  clear(s);
  const int t = static_cast<int>(threadIdx.x);
  s[t] = data[t];
  const float sum = __shfl_xor_sync(~0u, data[t], 1);
  data[t] = sum + s[kBug ? kBlock - 1 - t : t ^ 1];
}

// Every thread reads the word before one of them writes it: 94 forward, 1 reversed are the last ones to go on after the barrier.
template <bool kBug, unsigned writer>
__global__ void broadcast_then_write(float* data) {
  __shared__ float s[1];
  if (threadIdx.x == 0) s[0] = data[0];
  __syncthreads();
  const float value = s[0];
  if (!kBug) __syncthreads();
  if (threadIdx.x == writer) s[0] = value + 1;
  data[threadIdx.x] = value;
}

// The second round of a loop overwrites what others still read in the first one.
template <bool kBug>
__global__ void loop_without_second_barrier(float* data) {
  __shared__ float s[kBlock];
  const int t = static_cast<int>(threadIdx.x);
  float sum = 0;
  for (int round = 0; round < 3; ++round) {
    s[t] = data[round * kBlock + t];
    __syncthreads();
    sum += s[kBlock - 1 - t];
    if (!kBug) __syncthreads();
  }
  data[t] = sum;
}

template <bool kBug>
__global__ void sixteen_bytes(float* data) {
  __shared__ float4 s[kBlock];
  clear(s);
  const int t = static_cast<int>(threadIdx.x);
  s[t] = make_float4(data[t], 1, 2, 3);
  if (!kBug) __syncthreads();
  data[t] = reinterpret_cast<const float*>(s)[4 * (kBlock - 1 - t) + 3];
}

// Threads that have returned are past every barrier, and what they wrote is there.
template <bool kBug>
__global__ void some_have_returned(float* data) {
  __shared__ float s[kBlock];
  clear(s);
  const int t = static_cast<int>(threadIdx.x);
  s[t] = data[t];
  if (t >= 40) return;
  if (!kBug) __syncthreads();
  data[t] = s[kBlock - 1 - t];
}

const BugCase kCases[] = {
    {"write_then_read", {"race: a ", "of 4 bytes of shared memory at offset", "by thread (", "races_shared_kernels.cu:"}, cudaErrorLaunchFailure,
     start<write_then_read<true>, 1, kBlock>, start<write_then_read<false>, 1, kBlock>},
    {"read_then_write", {"race: a ", "of 4 bytes of shared memory", "races_shared_kernels.cu:"}, cudaErrorLaunchFailure,
     start<read_then_write<true>, 1, kBlock>, start<read_then_write<false>, 1, kBlock>},
    {"write_then_write", {"race: a write of 4 bytes of shared memory at offset 0", "a write by thread ("}, cudaErrorLaunchFailure,
     start<write_then_write<true>, 1, kBlock>, start<write_then_write<false>, 1, kBlock>},
    {"write_the_same", {"race: a write of 4 bytes of shared memory at offset 0", "a write by thread ("}, cudaErrorLaunchFailure,
     start<write_the_same<true>, 1, kBlock>, start<write_the_same<false>, 1, kBlock>},
    {"within_a_warp", {"race: a ", "of shared memory"}, cudaErrorLaunchFailure, start<within_a_warp<true>, 1, 32>,
     start<within_a_warp<false>, 1, 32>},
    {"within_a_warp_read_then_write", {"race: a ", "of shared memory"}, cudaErrorLaunchFailure,
     start<within_a_warp_read_then_write<true>, 1, 32>, start<within_a_warp_read_then_write<false>, 1, 32>},
    {"warp_collective_for_a_block", {"race: a ", "of shared memory"}, cudaErrorLaunchFailure,
     start<warp_collective_for_a_block<true>, 1, kBlock>, start<warp_collective_for_a_block<false>, 1, kBlock>},
    {"broadcast_then_write_forward", {"race: a ", "of shared memory at offset 0", "by thread ("}, cudaErrorLaunchFailure,
     start<broadcast_then_write<true, 94>, 1, 96>, start<broadcast_then_write<false, 94>, 1, 96>},
    {"broadcast_then_write_reversed", {"race: a ", "of shared memory at offset 0", "by thread ("}, cudaErrorLaunchFailure,
     start<broadcast_then_write<true, 1>, 1, 96>, start<broadcast_then_write<false, 1>, 1, 96>},
    {"loop_without_second_barrier", {"race: a ", "of shared memory"}, cudaErrorLaunchFailure,
     start<loop_without_second_barrier<true>, 1, kBlock>, start<loop_without_second_barrier<false>, 1, kBlock>},
    {"sixteen_bytes", {"race: a ", "of shared memory"}, cudaErrorLaunchFailure, start<sixteen_bytes<true>, 1, kBlock>,
     start<sixteen_bytes<false>, 1, kBlock>},
    {"some_have_returned", {"race: a ", "of shared memory"}, cudaErrorLaunchFailure, start<some_have_returned<true>, 1, kBlock>,
     start<some_have_returned<false>, 1, kBlock>},
};

}  // namespace

std::span<const BugCase> shared_race_cases() { return kCases; }

}  // namespace skewbench::cuda_on_cpu
