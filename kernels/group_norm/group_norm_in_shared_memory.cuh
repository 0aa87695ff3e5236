// A group's [pixels, packs] in shared memory, four channels a slot, for the rungs that read x once. Every thread copies and reads the elements
// of its own Place, so that no barrier is needed for them.
#pragma once

#include <cuda_pipeline_primitives.h>

#include "kernels/group_norm/group_norm_device.cuh"

namespace skewbench::group_norm {

/// Slots are dense, [pixels, packs], so that neighbouring threads have neighbouring ones.
__device__ inline int slot_of(const Shape& shape, int64_t p, int64_t q) { return static_cast<int>(p * shape.packs + q); }
__device__ inline Pack<4> in_slot(const float4* group, int slot) { return device::load<4>(&group[slot].x); }

/// Starts copying this thread's elements of the group.
__device__ inline void copy_group(float4* group, const float* from, const Shape& shape, const Place<4>& at) {
  for (int64_t q = at.column; q < shape.packs; q += shape.columns)
    for (int64_t p = at.row; p < shape.pixels; p += at.rows)
      __pipeline_memcpy_async(&group[slot_of(shape, p, q)], from + at.offset(shape, p, q), sizeof(float4));
}

/// Returns when all copies of this thread are done.
__device__ inline void wait_for_copies() {
  __pipeline_commit();
  __pipeline_wait_prior(0);
}

/// Shared memory of statistics_of_slots().
struct StatisticsScratch {
  Sums<1> slots[kMostWarps];
  float mean;
  Statistics result;
};

/// Mean and rstd of the group in every thread; thread 0 calls keep(result) on the way. Two passes about `pivot`.
template <class Keep>
__device__ inline Statistics statistics_of_slots(const float4* group, float pivot, const Shape& shape, const Place<4>& at,
                                                 StatisticsScratch& scratch, Keep keep) {
  const auto sum_of = [&](auto term) {  // complete in thread 0
    Sums<1> sum{};
    for (int64_t q = at.column; q < shape.packs; q += shape.columns)
      for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
        const Pack<4> x = in_slot(group, slot_of(shape, p, q));
#pragma unroll
        for (int i = 0; i < 4; ++i) sum.of[0] += term(x.of[i] - pivot);
      }
    device::reduce_block(sum, scratch.slots);
    return sum.of[0];
  };
  const float sum = sum_of([](float x) { return x; });
  if (threadIdx.x == 0) scratch.mean = sum / shape.size;
  __syncthreads();  // the mean is there, and the slots are read
  const float mean = scratch.mean;
  const float squares = sum_of([mean](float x) { return (x - mean) * (x - mean); });
  if (threadIdx.x == 0) {
    scratch.result = statistics_from(pivot, mean, squares / shape.size, shape.eps);
    keep(scratch.result);
  }
  __syncthreads();  // the statistics are there
  return scratch.result;
}

/// Bytes of shared memory for `arrays` arrays of a group, and that many for the kernel to use.
inline int shared_bytes(const Shape& shape, int arrays) {
  return static_cast<int>(shape.pixels * shape.packs * arrays * static_cast<int64_t>(sizeof(float4)));
}
template <class Kernel>
void allow_shared_memory(Kernel kernel) {
  CUDA_CALL(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMostSharedBytes));
}

}  // namespace skewbench::group_norm
