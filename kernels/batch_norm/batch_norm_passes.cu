// The passes over whole arrays that versions without fusion need.
//
// Mapping    one element a thread, consecutive lanes on consecutive elements; a grid strides over them
// Traffic    each array once: addition and ReLU 12 bytes an element (8 without a residual), the ReLU's gradient 12, a mere copy
//            of dy to dresidual 8
// Numerics   one rounding an element
#include <limits>

#include "kernels/batch_norm/batch_norm_device.cuh"

namespace skewbench::batch_norm {
namespace {

// residual: null if there is none; least: 0 or, without a ReLU, -inf
__global__ void __launch_bounds__(kBlock) batch_norm_add_relu_kernel(int64_t count, float* y, const float* residual, float least) {
#pragma unroll 1
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < count; i += int64_t{gridDim.x} * kBlock) {
    float value = y[i];
    if (residual) value += residual[i];
    y[i] = value < least ? least : value;  // not fmaxf, which would drop a NaN
  }
}

// y: null without a ReLU
__global__ void __launch_bounds__(kBlock) batch_norm_passed_gradient_kernel(int64_t count, const float* y, const float* dy, float* g) {
#pragma unroll 1
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < count; i += int64_t{gridDim.x} * kBlock)
    g[i] = !y || y[i] > 0 ? dy[i] : 0.0f;
}

}  // namespace

void add_and_relu(int64_t count, float* y, const float* residual, bool relu, device::Stream stream) {
  if (!residual && !relu) return;
  const float least = relu ? 0 : -std::numeric_limits<float>::infinity();
  batch_norm_add_relu_kernel<<<device::grid_stride_blocks(count, kBlock), kBlock, 0, stream>>>(count, y, residual, least);
  CUDA_LAUNCHED(batch_norm_add_relu_kernel);
}

const float* passed_gradient(const Backward& a, device::Stream stream) {
  if (!a.problem.relu && !a.dresidual) return a.dy;
  const int64_t count = a.rows * a.problem.c;
  float* const g = a.dresidual ? a.dresidual : a.dx;
  batch_norm_passed_gradient_kernel<<<device::grid_stride_blocks(count, kBlock), kBlock, 0, stream>>>(count, a.problem.relu ? a.y : nullptr, a.dy, g);
  CUDA_LAUNCHED(batch_norm_passed_gradient_kernel);
  return g;
}

}  // namespace skewbench::batch_norm
