// The fully connected layer, one output a thread.
//
// Idea       the definition: a thread walks along the sum of its output
// Mapping    256 threads a block, a grid that strides; consecutive lanes have consecutive outputs of a row
// Traffic    every operand is asked for once a product: 2 n c k floats instead of n c + c k + n k; what the caches hold of a row
//            saves the memory most of it
// Numerics   one float accumulator an output, a fused multiply-add a product, in ascending order; the bias is added last
// Limits     every problem and alignment. Beats v2 and v3 where there are far fewer outputs than a tile of 64 x 64 has; loses
//            elsewhere, since it uses neither shared memory nor 16-byte accesses
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/linear/linear_products.h"

namespace skewbench::linear::v1 {
namespace {

constexpr int kBlock = 256;

// visit(row, column, i) for the elements i of this thread in a matrix [rows, columns]. No extent is 0.
template <class Visit>
__device__ void outputs_of_thread(int64_t count, int64_t columns, Visit visit) {
#pragma unroll 1  // here and below: the definition, once
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < count; i += int64_t{gridDim.x} * kBlock) {
    const int64_t row = i / columns;
    visit(row, i - row * columns, i);
  }
}

__global__ void linear_forward_v1_kernel(Forward a) {
  const auto [c, k] = a.problem;
  outputs_of_thread(a.n * k, k, [&](int64_t row, int64_t column, int64_t i) {
    float sum = 0;
    int64_t j = 0;
#pragma unroll 1
    do {
      sum = fmaf(a.x[row * c + j], a.weights[column * c + j], sum);
    } while (++j < c);
    if (a.bias) sum += a.bias[column];
    a.y[i] = a.relu && sum <= 0 ? 0.0f : sum;  // a NaN stays
  });
}

__global__ void linear_backward_input_v1_kernel(BackwardInput a) {
  const auto [c, k] = a.problem;
  outputs_of_thread(a.n * c, c, [&](int64_t row, int64_t column, int64_t i) {
    float sum = 0;
    int64_t j = 0;
#pragma unroll 1
    do {
      sum = fmaf(a.dy[row * k + j], a.weights[j * c + column], sum);
    } while (++j < k);
    a.dx[i] = sum;
  });
}

__global__ void linear_backward_weights_v1_kernel(BackwardWeights a) {
  const auto [c, k] = a.problem;
  outputs_of_thread(k * c, c, [&](int64_t row, int64_t column, int64_t i) {
    float sum = 0;
    int64_t j = 0;
#pragma unroll 1
    do {
      sum = fmaf(a.dy[j * k + row], a.x[j * c + column], sum);
    } while (++j < a.n);
    a.dweights[i] = a.accumulate ? a.dweights[i] + sum : sum;
  });
}

template <class Arguments>
unsigned blocks(const Arguments& a) { return device::grid_stride_blocks(outputs(a), kBlock); }

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  linear_forward_v1_kernel<<<blocks(a), kBlock, 0, stream>>>(a);
  CUDA_LAUNCHED(linear_forward_v1_kernel);
}

void backward_input(const BackwardInput& a, void*, device::Stream stream) {
  linear_backward_input_v1_kernel<<<blocks(a), kBlock, 0, stream>>>(a);
  CUDA_LAUNCHED(linear_backward_input_v1_kernel);
}

void backward_weights(const BackwardWeights& a, void* workspace, device::Stream stream) {
  linear_backward_weights_v1_kernel<<<blocks(a), kBlock, 0, stream>>>(a);
  CUDA_LAUNCHED(linear_backward_weights_v1_kernel);
  bias_gradient(a, workspace, 0, stream);
}

}  // namespace skewbench::linear::v1
