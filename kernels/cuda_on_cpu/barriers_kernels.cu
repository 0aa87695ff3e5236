// Barriers that not every thread of a block reaches, or not in the way that the others do; and loops that never end.
#include "kernels/cuda_on_cpu/synchronisation_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

__device__ void sync(int barrier, int threads) { asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(threads) : "memory"); }
__device__ void arrive(int barrier, int threads) { asm volatile("bar.arrive %0, %1;" ::"r"(barrier), "r"(threads) : "memory"); }
__device__ void sync_unaligned(int barrier) { asm volatile("barrier.sync %0;" ::"r"(barrier) : "memory"); }

// Warp 1 waits for warp 0 in vain; warp 0 waits for a lane that waits at the barrier.
template <bool kBug>
__global__ void barrier_and_collective(float* data) {
  if (threadIdx.x == 3 || !kBug) __syncthreads();
  else if (threadIdx.x < 32) __syncwarp();
  else __syncthreads();
  data[threadIdx.x] = 1;
}

// Both halves of a warp wait, at two barriers in two branches.
template <bool kBug>
__global__ void barrier_in_both_branches(float* data) {
  if (threadIdx.x % 32 < (kBug ? 16 : 32)) {
    data[threadIdx.x] = 1;
    sync(0, 64);
  } else {
    data[threadIdx.x] = 2;
    sync(0, 64);
  }
}

// Without .aligned the branches of a warp may differ.
template <bool kBug>
__global__ void unaligned_in_both_branches(float* data) {
  if (threadIdx.x % 32 < 16) {
    data[threadIdx.x] = 1;
    sync_unaligned(0);
  } else {
    data[threadIdx.x] = 2;
    sync_unaligned(kBug ? 1 : 0);
  }
}

template <bool kBug>
__global__ void different_barriers(float* data) {
  sync(kBug && threadIdx.x >= 32 ? 2 : 1, 64);
  data[threadIdx.x] = 1;
}

template <bool kBug>
__global__ void count_is_no_multiple_of_32(float* data) {
  sync(1, kBug ? 48 : 64);
  data[threadIdx.x] = 1;
}

template <bool kBug>
__global__ void counts_differ(float* data) {
  if (threadIdx.x < 64 || !kBug) sync(1, 96);
  else sync(1, 64);
  data[threadIdx.x] = 1;
}

template <bool kBug>
__global__ void more_than_there_are(float* data) {
  sync(1, kBug ? 96 : 64);
  data[threadIdx.x] = 1;
}

template <bool kBug>
__global__ void arrives_twice(float* data) {
  if (threadIdx.x < 32) {
    arrive(1, 64);
    if (kBug) arrive(1, 64);
    sync(2, 64);
  } else {
    sync(2, 64);
    sync(1, 64);
  }
  data[threadIdx.x] = 1;
}

// A thread that has returned does not count where all threads are meant; with a count it is missing.
template <bool kBug>
__global__ void one_warp_has_returned(float* data) {
  if (threadIdx.x >= 64) return;
  if (kBug) sync(0, 96);
  else __syncthreads();
  data[threadIdx.x] = 1;
}

// Half of the block goes round once more.
template <bool kBug>
__global__ void loops_of_different_length(float* data) {
  const int rounds = kBug && threadIdx.x < 32 ? 4 : 3;
  for (int i = 0; i < rounds; ++i) {
    sync(0, 64);
    data[threadIdx.x] += 1;
  }
  if (!kBug || threadIdx.x >= 32) sync(1, kBug ? 32 : 64);
  sync(2, 64);
}

// Waits for what another block would write later, or another thread of the block.
template <bool kBug>
__global__ void waits_for_another_block(float* data) {
  auto* const flag = reinterpret_cast<unsigned*>(data + 1024);
  if (threadIdx.x == 0) {
    atomicAdd(flag, 1u);
    while (kBug && atomicAdd(flag, 0u) != 0x12345678u) continue;
  }
  data[64 * blockIdx.x + threadIdx.x] = 1;
}

template <bool kBug>
__global__ void waits_with_a_barrier(float* data) {
  __shared__ int rounds;
  if (threadIdx.x == 0) rounds = 0;
  __syncthreads();
  do {
    if (threadIdx.x == 0) rounds += kBug ? 0 : 1;
    __syncthreads();
    data[threadIdx.x] += 1;
    if (rounds == 5) break;
    __syncthreads();
  } while (true);
}

#define BOTH(kernel, blocks, threads) start<kernel<true>, blocks, threads>, start<kernel<false>, blocks, threads>
const BugCase kBarrierCases[] = {
    {"barrier_and_collective", {"deadlock: each of the 64 threads that have not returned waits", "31 threads (first thread (0,0,0)) in a warp operation of warp 0 with mask 0xffffffff", "1 thread (thread (3,0,0)) at barrier 0", "32 threads (first thread (32,0,0)) at barrier 0"},
     cudaErrorLaunchTimeout, BOTH(barrier_and_collective, 1, 64)},
    {"barrier_in_both_branches", {"divergent barrier: threads of one warp are at barrier 0 in different places", "barriers_kernels.cu:"}, cudaErrorLaunchFailure,
     BOTH(barrier_in_both_branches, 1, 64)},
    {"unaligned_in_both_branches", {"deadlock: each of the 64 threads", "32 threads (first thread (0,0,0)) at barrier 0", "32 threads (first thread (16,0,0)) at barrier 1"},
     cudaErrorLaunchTimeout, BOTH(unaligned_in_both_branches, 1, 64)},
    {"different_barriers", {"deadlock: each of the 64 threads", "32 threads (first thread (0,0,0)) at barrier 1", "32 threads (first thread (32,0,0)) at barrier 2"},
     cudaErrorLaunchTimeout, BOTH(different_barriers, 1, 64)},
    {"count_is_no_multiple_of_32", {"a barrier for 48 threads: the count must be a multiple of 32"}, cudaErrorIllegalInstruction, BOTH(count_is_no_multiple_of_32, 1, 64)},
    {"counts_differ", {"barrier 1 is waited for with a count of ", "others did with "}, cudaErrorLaunchFailure, BOTH(counts_differ, 1, 96)},
    {"more_than_there_are", {"a barrier for 96 threads in a block of 64: it can never complete"}, cudaErrorLaunchFailure, BOTH(more_than_there_are, 1, 64)},
    {"arrives_twice", {"the thread arrives at barrier 1 a second time"}, cudaErrorLaunchFailure, BOTH(arrives_twice, 1, 64)},
    {"one_warp_has_returned", {"deadlock: each of the 64 threads", "64 threads (first thread (0,0,0)) at barrier 0"}, cudaErrorLaunchTimeout, BOTH(one_warp_has_returned, 1, 96)},
    {"loops_of_different_length", {"deadlock: each of the 64 threads", "32 threads (first thread (0,0,0)) at barrier 0", "32 threads (first thread (32,0,0)) at barrier 2"},
     cudaErrorLaunchTimeout, BOTH(loops_of_different_length, 1, 64)},
};
const BugCase kEndlessCases[] = {
    {"waits_for_another_block", {"has run for", "seconds of processor time and has not ended", "thread (0,0,0)"}, cudaErrorLaunchTimeout, BOTH(waits_for_another_block, 2, 64)},
    {"waits_with_a_barrier", {"has run for", "seconds of processor time and has not ended"}, cudaErrorLaunchTimeout, BOTH(waits_with_a_barrier, 1, 64)},
};

}  // namespace

std::span<const BugCase> barrier_cases() { return kBarrierCases; }
std::span<const BugCase> endless_cases() { return kEndlessCases; }

}  // namespace skewbench::cuda_on_cpu
