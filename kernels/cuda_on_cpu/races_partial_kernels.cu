// Order that reaches only some threads of a block: masks that name a part of a warp, and named barriers.
#include "kernels/cuda_on_cpu/races_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

// So that a read too early is a race, and not a read of what nobody has written.
template <int size>
__device__ void clear(float (&shared)[size]) {
  for (unsigned i = threadIdx.x; i < size; i += blockDim.x) shared[i] = 0;
  __syncthreads();
}

template <bool kBug>
__global__ void half_of_a_warp(float* data) {
  __shared__ float s[32];
  clear(s);
  const unsigned t = threadIdx.x;
  s[t] = data[t];
  __syncwarp(t < 16 ? 0x0000FFFFu : 0xFFFF0000u);
  data[t] = s[kBug ? t ^ 16 : t ^ 1];
}

// Lane 0 tells lane 1, and lane 1 tells lane 2; the other way round lane 1 has nothing to tell yet.
template <bool kBug>
__global__ void from_hand_to_hand(float* data) {
  __shared__ float s[1];
  clear(s);
  const unsigned t = threadIdx.x;
  if (t == 0) s[0] = data[0];
  if (kBug && (t == 1 || t == 2)) __syncwarp(0x6);
  if (t <= 1) __syncwarp(0x3);
  if (!kBug && (t == 1 || t == 2)) __syncwarp(0x6);
  if (t == 2) data[1] = s[0];
}

// A half-warp's order, passed on to the other warps by a barrier of the block.
template <bool kBug>
__global__ void half_then_block(float* data) {
  __shared__ float s[64];
  clear(s);
  const unsigned t = threadIdx.x;
  s[t] = data[t];
  const unsigned mask = t % 32 < 16 ? 0x0000FFFFu : 0xFFFF0000u;
  __syncwarp(mask);
  const float near = s[t ^ 1];
  if (!kBug) __syncthreads();
  data[t] = near + s[t ^ 32];
}

__device__ void sync(int barrier, int threads) { asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(threads) : "memory"); }
__device__ void arrive(int barrier, int threads) { asm volatile("bar.arrive %0, %1;" ::"r"(barrier), "r"(threads) : "memory"); }

constexpr int kFull = 1, kEmpty = 2;

// Warp 0 writes, warp 1 reads, for several rounds. `kBug`: warp 0 writes before it is told that it may write again.
template <bool kBug>
__global__ void producer_and_consumer(float* data) {
  __shared__ float s[32];
  clear(s);
  const unsigned lane = threadIdx.x % 32;
  float sum = 0;
  for (int round = 0; round < 4; ++round) {
    if (threadIdx.x < 32) {
      if (!kBug && round > 0) sync(kEmpty, 64);
      s[lane] = data[32 * round + lane];
      if (kBug && round > 0) sync(kEmpty, 64);
      arrive(kFull, 64);
    } else {
      sync(kFull, 64);
      sum += s[31 - lane];
      if (round < 3) arrive(kEmpty, 64);
    }
  }
  if (threadIdx.x >= 32) data[128 + 32 * blockIdx.x + lane] = sum;
}

// The producer does not say that it has written.
template <bool kBug>
__global__ void consumer_does_not_wait(float* data) {
  __shared__ float s[32];
  clear(s);
  const unsigned lane = threadIdx.x % 32;
  if (threadIdx.x < 32) {
    s[lane] = data[lane];
    arrive(kFull, 64);
  } else {
    if (kBug) __syncwarp();
    if (!kBug) sync(kFull, 64);
    data[64 + lane] = s[31 - lane];
    if (kBug) sync(kFull, 64);
  }
}

// bar.arrive tells others, and learns nothing.
template <bool kBug>
__global__ void arrival_learns_nothing(float* data) {
  __shared__ float s[32];
  clear(s);
  const unsigned lane = threadIdx.x % 32;
  if (threadIdx.x < 32) {
    s[lane] = data[lane];
    sync(kFull, 64);
  } else {
    if (kBug) arrive(kFull, 64);
    else sync(kFull, 64);
    data[64 + lane] = s[lane];
  }
}

// Two pairs of warps, each with a barrier of its own.
template <bool kBug>
__global__ void barrier_of_a_pair(float* data) {
  __shared__ float s[128];
  clear(s);
  const unsigned t = threadIdx.x, pair = t / 64;
  s[t] = data[t];
  sync(static_cast<int>(1 + pair), 64);
  data[t] = s[kBug ? t ^ 64 : t ^ 32];
}

#define BOTH(kernel, blocks, threads) start<kernel<true>, blocks, threads>, start<kernel<false>, blocks, threads>
#define SHARED_RACE {"race: a ", "of 4 bytes of shared memory", "by thread (", "races_partial_kernels.cu:"}, cudaErrorLaunchFailure
const BugCase kCases[] = {
    {"half_of_a_warp", SHARED_RACE, BOTH(half_of_a_warp, 1, 32)},
    {"from_hand_to_hand", SHARED_RACE, BOTH(from_hand_to_hand, 1, 32)},
    {"half_then_block", SHARED_RACE, BOTH(half_then_block, 1, 64)},
    {"producer_and_consumer", SHARED_RACE, BOTH(producer_and_consumer, 2, 64)},
    {"consumer_does_not_wait", SHARED_RACE, BOTH(consumer_does_not_wait, 1, 64)},
    {"arrival_learns_nothing", SHARED_RACE, BOTH(arrival_learns_nothing, 1, 64)},
    {"barrier_of_a_pair", SHARED_RACE, BOTH(barrier_of_a_pair, 1, 128)},
};

}  // namespace

std::span<const BugCase> partial_race_cases() { return kCases; }

}  // namespace skewbench::cuda_on_cpu
