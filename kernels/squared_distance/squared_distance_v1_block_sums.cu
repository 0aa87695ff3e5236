// The distance of two vectors, a sum per block and then the sum of those.
//
// Idea       blocks do not wait for each other: each leaves the sum of its elements, and a second kernel of one block adds these up
// Mapping    256 threads; thread t of the grid adds elements t, t + grid, ...; a block's threads are added by shuffles, its warps
//            through shared memory; the second kernel does the same with the blocks' sums
// Traffic    the compulsory bytes, and 16 bytes a block for its sum
// Numerics   differences, squares and sums in double; the order depends on count alone. Relative error at most
//            (terms of a thread + 30) * 2^-53
// Limits     any count >= 1. 4-byte accesses: it runs once an evaluation and worker, so there is no second rung
#include "kernels/base/cuda_check.h"
#include "kernels/base/reduce.cuh"
#include "kernels/squared_distance/squared_distance_cuda.h"

namespace skewbench::squared_distance::v1 {
namespace {

constexpr int kBlock = 256, kWarps = kBlock / device::kWarp;
constexpr int64_t kTerms = 8;  // of a thread, unless the grid is at its largest: ten shuffles after one term would cost most of the time

struct Sum {
  double of;
  __device__ void merge(const Sum& other) { of += other.of; }
  __device__ Sum down(int offset) const { return {__shfl_down_sync(0xffffffffu, of, offset)}; }
};

__global__ void distance_v1_kernel(int64_t count, const float* a, const float* b, double* sums) {
  __shared__ Sum slots[kWarps];
  Sum sum{};
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < count; i += int64_t{gridDim.x} * kBlock) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum.of += difference * difference;
  }
  device::reduce_whole_block(sum, slots);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum.of;
}

__global__ void distance_total_v1_kernel(int blocks, const double* sums, double* out) {
  __shared__ Sum slots[kWarps];
  Sum sum{};
#pragma unroll 1
  for (int i = static_cast<int>(threadIdx.x); i < blocks; i += kBlock) sum.of += sums[i];
  device::reduce_whole_block(sum, slots);
  if (threadIdx.x == 0) *out = sum.of;
}

unsigned blocks(const Distance& a) { return device::grid_stride_blocks(device::ceil_div(a.count, kTerms), kBlock); }

}  // namespace

int64_t workspace_bytes(const Distance& a) { return int64_t{blocks(a)} * static_cast<int64_t>(sizeof(double)); }

void distance(const Distance& a, void* workspace, device::Stream stream) {
  double* const sums = static_cast<double*>(workspace);
  distance_v1_kernel<<<blocks(a), kBlock, 0, stream>>>(a.count, a.a, a.b, sums);
  CUDA_LAUNCHED(distance_v1_kernel);
  distance_total_v1_kernel<<<1, kBlock, 0, stream>>>(static_cast<int>(blocks(a)), sums, a.out);
  CUDA_LAUNCHED(distance_total_v1_kernel);
}

}  // namespace skewbench::squared_distance::v1
