// Coordinates of a tensor, one a thread.
//
// Idea       one thread moves one of the k values. Zeros are written by a memset, which no kernel beats
// Mapping    256 threads a block; consecutive lanes have consecutive indices, so with k near n their accesses share lines
// Traffic    4 bytes of a tensor's coordinate cost a sector of 32 where its neighbours are not sent: up to 8 times the minimum there.
//            The message itself is read or written whole
// Numerics   bits are moved; the factor and the addition round once
// Limits     any problem, any alignment of 4
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/quantize/sparse_cuda.h"

namespace skewbench::quantize::v1 {
namespace {

constexpr int kBlock = 256;

__global__ void __launch_bounds__(kBlock) gather_v1_kernel(int64_t k, const int32_t* indices, const float* x, float factor, float* values) {
  const int64_t j = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (j >= k) return;
  const float value = x[indices[j]];
  values[j] = factor == 1 ? value : factor * value;  // a product would make a NaN of a device out of a worker's
}

__global__ void __launch_bounds__(kBlock) take_v1_kernel(int64_t k, const int32_t* indices, float* x, float* values) {
  const int64_t j = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (j >= k) return;
  const int32_t i = indices[j];
  values[j] = x[i];
  x[i] = 0;
}

__global__ void __launch_bounds__(kBlock) scatter_v1_kernel(int64_t k, const int32_t* indices, const float* values, float* out, bool add) {
  const int64_t j = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (j >= k) return;
  const int32_t i = indices[j];
  out[i] = add ? out[i] + values[j] : values[j];
}

unsigned blocks(const Sparse& problem) { return static_cast<unsigned>(device::ceil_div(problem.k, kBlock)); }

}  // namespace

void gather(const Gather& a, void*, device::Stream stream) {
  gather_v1_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem.k, a.indices, a.x, a.factor, a.values);
  CUDA_LAUNCHED(gather_v1_kernel);
}

void take(const Take& a, void*, device::Stream stream) {
  take_v1_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem.k, a.indices, a.x, a.values);
  CUDA_LAUNCHED(take_v1_kernel);
}

void scatter(const Scatter& a, void*, device::Stream stream) {
  if (!a.add) CUDA_CALL(cudaMemsetAsync(a.out, 0, static_cast<size_t>(4 * a.problem.count), stream));
  scatter_v1_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem.k, a.indices, a.values, a.out, a.add);
  CUDA_LAUNCHED(scatter_v1_kernel);
}

}  // namespace skewbench::quantize::v1
