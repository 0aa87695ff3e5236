// The passes over whole arrays that versions without fusion need, and the last step of the parameters' gradients.
//
// Mapping    one element a thread, consecutive lanes on consecutive elements; a grid strides over them
// Traffic    each array once: addition and ReLU 12 bytes an element (8 without a residual), the ReLU's gradient 12, a mere copy
//            of dy to dresidual 8; the parameters' gradients 8 n c + 8 c bytes
// Numerics   addition and ReLU as the reference; sums over the samples in their order, starting from what is accumulated to, so
//            that a batch in two halves gives the same bits as the whole
#include <limits>

#include "kernels/group_norm/group_norm_device.cuh"

namespace skewbench::group_norm {
namespace {

constexpr int kBlock = 256;

// residual: null if there is none; least: 0 or, without a ReLU, -inf
__global__ void __launch_bounds__(kBlock) group_norm_add_relu_kernel(int64_t count, float* y, const float* residual, float least) {
#pragma unroll 1
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < count; i += int64_t{gridDim.x} * kBlock) {
    float value = y[i];
    if (residual) value += residual[i];
    y[i] = value < least ? least : value;  // not fmaxf, which would drop a NaN
  }
}

// y: null without a ReLU
__global__ void __launch_bounds__(kBlock) group_norm_passed_gradient_kernel(int64_t count, const float* y, const float* dy, float* g) {
#pragma unroll 1
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < count; i += int64_t{gridDim.x} * kBlock)
    g[i] = !y || y[i] > 0 ? dy[i] : 0.0f;
}

__global__ void __launch_bounds__(kBlock) group_norm_sum_over_samples_kernel(Backward a, const float* partial) {
  const int64_t c = a.problem.c, i = int64_t{blockIdx.x} * kBlock + threadIdx.x;  // channels of dbeta, then those of dgamma
  if (i >= 2 * c) return;
  const bool is_gamma = i >= c;
  float* const to = is_gamma ? a.dgamma + (i - c) : a.dbeta + i;
  const float* const from = is_gamma ? partial + a.n * c + (i - c) : partial + i;
  float sum = a.accumulate ? *to : 0.0f;
  int64_t sample = 0;
#pragma unroll 1
  do sum += from[sample * c];
  while (++sample < a.n);
  *to = sum;
}

}  // namespace

void add_and_relu(const Forward& a, device::Stream stream) {
  if (!a.problem.add && !a.problem.relu) return;
  const float* const residual = a.problem.add ? a.residual : nullptr;
  const float least = a.problem.relu ? 0 : -std::numeric_limits<float>::infinity();
  group_norm_add_relu_kernel<<<device::grid_stride_blocks(a.size(), kBlock), kBlock, 0, stream>>>(a.size(), a.y, residual, least);
  CUDA_LAUNCHED(group_norm_add_relu_kernel);
}

const float* passed_gradient(const Backward& a, device::Stream stream) {
  if (!a.problem.relu && !a.wants_residual()) return a.dy;
  float* const g = a.wants_residual() ? a.dresidual : a.dx;
  group_norm_passed_gradient_kernel<<<device::grid_stride_blocks(a.size(), kBlock), kBlock, 0, stream>>>(a.size(), a.problem.relu ? a.y : nullptr, a.dy, g);
  CUDA_LAUNCHED(group_norm_passed_gradient_kernel);
  return g;
}

void sum_over_samples(const Backward& a, const float* partial, device::Stream stream) {
  const auto grid = static_cast<unsigned>(device::ceil_div(2 * a.problem.c, kBlock));
  group_norm_sum_over_samples_kernel<<<grid, kBlock, 0, stream>>>(a, partial);
  CUDA_LAUNCHED(group_norm_sum_over_samples_kernel);
}

}  // namespace skewbench::group_norm
