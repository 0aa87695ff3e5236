// cp.async: whose destination is touched before it was waited for, or by others before a barrier.
#include "kernels/cuda_on_cpu/memory_checks_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

__device__ void copy4(float* to, const float* from, int bytes = 4) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(to))), "l"(from), "r"(bytes) : "memory");
}
__device__ void copy16(float* to, const float* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(to))), "l"(from) : "memory");
}
__device__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int pending>
__device__ void wait_group() { asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory"); }
__device__ void wait_all() { asm volatile("cp.async.wait_all;" ::: "memory"); }

// Not even the thread itself may read before it has waited; and the barrier is no wait.
template <bool kBug>
__global__ void read_before_wait(float* data) {
  __shared__ float s[32];
  copy4(&s[threadIdx.x], &data[threadIdx.x]);
  commit();
  if (!kBug) wait_group<0>();
  __syncthreads();
  data[64 + threadIdx.x] = s[threadIdx.x];
}

template <bool kBug>
__global__ void write_before_wait(float* data) {
  __shared__ float s[32];
  copy4(&s[threadIdx.x], &data[threadIdx.x]);
  if (!kBug) wait_all();
  s[threadIdx.x] = 1;
  wait_all();
  data[64 + threadIdx.x] = s[threadIdx.x];
}

// Two groups are under way, and the wait lets one of them be.
template <bool kBug>
__global__ void waits_for_the_older_group(float* data) {
  __shared__ float s[2][32];
  for (int stage = 0; stage < 2; ++stage) {
    copy4(&s[stage][threadIdx.x], &data[32 * stage + static_cast<int>(threadIdx.x)]);
    commit();
  }
  wait_group<kBug ? 1 : 0>();
  __syncthreads();
  data[64 + threadIdx.x] = s[1][threadIdx.x];
}

// Each thread has waited for its own copies, and for nobody else's.
template <bool kBug>
__global__ void wait_without_barrier(float* data) {
  __shared__ float s[64];
  s[threadIdx.x] = 0;
  __syncthreads();
  copy4(&s[threadIdx.x], &data[threadIdx.x]);
  commit();
  wait_group<0>();
  if (!kBug) __syncthreads();
  data[64 + threadIdx.x] = s[63 - threadIdx.x];
}

// A double buffer whose next copy starts while others still read what it overwrites.
template <bool kBug>
__global__ void copy_into_what_is_read(float* data) {
  __shared__ float s[2][64];
  const unsigned t = threadIdx.x;
  float sum = 0;
  copy4(&s[0][t], &data[t]);
  commit();
  for (unsigned k = 0; k < 4; ++k) {
    wait_group<0>();
    __syncthreads();
    if (k < 3) copy4(&s[kBug ? 0 : (k + 1) % 2][t], &data[64 * (k + 1) + t]);
    commit();
    sum += s[kBug ? 0 : k % 2][63 - t];
  }
  data[512 + t] = sum;
}

template <bool kBug>
__global__ void unaligned_copy(float* data) {
  __shared__ __align__(16) float s[256];
  copy16(&s[4 * threadIdx.x + (kBug ? 2 : 0)], &data[4 * threadIdx.x]);
  wait_all();
  data[2048 + threadIdx.x] = s[4 * threadIdx.x + 2];
}

// The rest of a copy is zeros, and is written as well; what is not read may lie outside of the array.
template <bool kBug>
__global__ void copy_behind_an_array(float* data) {
  __shared__ float s[32];
  copy4(&s[threadIdx.x], &data[BugData::kFloats - 31 + threadIdx.x], !kBug && threadIdx.x == 31 ? 0 : 4);
  wait_all();
  data[threadIdx.x] = s[threadIdx.x];
}

#define BOTH(kernel, blocks, threads) start<kernel<true>, blocks, threads>, start<kernel<false>, blocks, threads>
const BugCase kCases[] = {
    {"read_before_wait", {"a read of 4 bytes of shared memory at offset", "where a cp.async of thread (", "was not waited for yet"}, cudaErrorLaunchFailure,
     BOTH(read_before_wait, 1, 32)},
    {"write_before_wait", {"a write of 4 bytes of shared memory at offset", "where a cp.async of thread ("}, cudaErrorLaunchFailure, BOTH(write_before_wait, 1, 32)},
    {"waits_for_the_older_group", {"a read of 4 bytes of shared memory at offset", "where a cp.async of thread ("}, cudaErrorLaunchFailure,
     BOTH(waits_for_the_older_group, 1, 32)},
    {"wait_without_barrier", {"of 4 bytes of shared memory at offset", "by thread ("}, cudaErrorLaunchFailure, BOTH(wait_without_barrier, 1, 64)},
    {"copy_into_what_is_read", {"of shared memory at offset"}, cudaErrorLaunchFailure, BOTH(copy_into_what_is_read, 1, 64)},
    {"unaligned_copy", {"cp.async of 16 bytes", "both must be multiples of 16"}, cudaErrorMisalignedAddress, BOTH(unaligned_copy, 1, 32)},
    {"copy_behind_an_array", {"a read of 4 bytes of global memory at", "0 bytes behind an allocation of 16384 bytes", "thread (31,0,0)"}, cudaErrorIllegalAddress,
     BOTH(copy_behind_an_array, 1, 32)},
};

}  // namespace

std::span<const BugCase> async_copy_cases() { return kCases; }

}  // namespace skewbench::cuda_on_cpu
