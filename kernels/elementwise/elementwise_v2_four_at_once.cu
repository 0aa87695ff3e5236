// ReLU and addition with 16-byte accesses.
//
// Idea       a thread loads, computes and stores four neighbouring elements with one instruction each: a quarter of v1's memory
//            instructions and address arithmetic for the same bytes
// Mapping    256 threads a block; thread t of the grid has elements 4t .. 4t + 3, then strides; the tail of up to three
//            elements is left to the first threads of the grid
// Traffic    the compulsory bytes
// Numerics   as v1, equal to the bit
// Limits     all pointers multiples of 16; any count >= 1
#include "kernels/base/launch.h"
#include "kernels/base/cuda_check.h"
#include "kernels/elementwise/elementwise_cuda.h"

namespace skewbench::elementwise::v2 {
namespace {

constexpr int kBlock = 256;

// Applies `compute` per element: four at once below count - count % 4, one at a time behind it.
template <class Compute, class... Pointers>
__device__ void apply(int64_t count, float* out, Compute compute, const Pointers*... in) {
  const int64_t step = int64_t{gridDim.x} * kBlock, thread = int64_t{blockIdx.x} * kBlock + threadIdx.x, quads = count / 4;
  for (int64_t i = thread; i < quads; i += step) {
    const auto of = [&](auto... v) {
      return float4{compute(v.x...), compute(v.y...), compute(v.z...), compute(v.w...)};
    };
    reinterpret_cast<float4*>(out)[i] = of(reinterpret_cast<const float4*>(in)[i]...);
  }
  const int64_t tail = 4 * quads + thread;  // < count for at most three threads
  if (tail < count) out[tail] = compute(in[tail]...);
}

__global__ void relu_forward_v2_kernel(int64_t count, const float* x, float* y) {
  apply(count, y, [](float v) { return v < 0 ? 0.0f : v; }, x);
}

__global__ void relu_backward_v2_kernel(int64_t count, const float* y, const float* dy, float* dx) {
  apply(count, dx, [](float of_y, float of_dy) { return of_y > 0 ? of_dy : 0.0f; }, y, dy);
}

__global__ void add_v2_kernel(int64_t count, const float* a, const float* b, float* out) {
  apply(count, out, [](float of_a, float of_b) { return of_a + of_b; }, a, b);
}

unsigned blocks(int64_t count) { return device::grid_stride_blocks(device::ceil_div(count, 4), kBlock); }

}  // namespace

void relu_forward(const ReluForward& a, void*, device::Stream stream) {
  relu_forward_v2_kernel<<<blocks(a.count), kBlock, 0, stream>>>(a.count, a.x, a.y);
  CUDA_LAUNCHED(relu_forward_v2_kernel);
}

void relu_backward(const ReluBackward& a, void*, device::Stream stream) {
  relu_backward_v2_kernel<<<blocks(a.count), kBlock, 0, stream>>>(a.count, a.y, a.dy, a.dx);
  CUDA_LAUNCHED(relu_backward_v2_kernel);
}

void add(const Add& a, void*, device::Stream stream) {
  add_v2_kernel<<<blocks(a.count), kBlock, 0, stream>>>(a.count, a.a, a.b, a.out);
  CUDA_LAUNCHED(add_v2_kernel);
}

}  // namespace skewbench::elementwise::v2
