// The update of the flat vector, one element a thread.
//
// Idea       one launch for all tensors: each thread finds its tensor by bisection of the ranges, which fit into the first-level
//            cache, instead of one launch a tensor
// Mapping    256 threads a block, thread = element of the flat vector, gaps included
// Traffic    compulsory bytes, 4 an access, and log2(tensors) reads of the table a thread from the cache
// Numerics   sgd.h's operations: equal to the reference to the bit
// Limits     any layout; loses to v2, which reads the table once a block and moves 16 bytes an access
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/sgd/sgd_element.cuh"

namespace skewbench::sgd::v1 {
namespace {

constexpr int kBlock = 256;

// The last range that begins at or before element i; the first begins at 0.
__device__ Range range_of(const Table& table, int64_t i) {
  int low = 0, high = static_cast<int>(table.range_count);  // the range is in [low, high)
  do {
    const int middle = (low + high) / 2;
    (table.ranges[middle].begin <= i ? low : high) = middle;
  } while (high - low > 1);
  return table.ranges[low];
}

__global__ void sgd_step_v1_kernel(Step a) {
  const int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (i >= a.table.size) return;
  const Range range = range_of(a.table, i);
  if (i < range.end)
    step_element(a, range, Factors(a, range), i);
  else
    a.x_out[i] = 0;
}

}  // namespace

void step(const Step& a, void*, device::Stream stream) {
  sgd_step_v1_kernel<<<static_cast<unsigned>(device::ceil_div(a.table.size, kBlock)), kBlock, 0, stream>>>(a);
  CUDA_LAUNCHED(sgd_step_v1_kernel);
}

}  // namespace skewbench::sgd::v1
