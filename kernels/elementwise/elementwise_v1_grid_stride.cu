// ReLU, addition and image conversion, one element a thread.
//
// Idea       a grid that strides: one thread computes element i, i + threads, i + 2 threads ...
// Mapping    256 threads a block; consecutive lanes have consecutive elements, so a warp's access is one 128-byte line
// Traffic    the compulsory bytes: each input read once, the output written once
// Numerics   one rounding an element, the same as the reference; a NaN passes through the ReLU
// Limits     any count >= 1 up to 2^63 / 4, any alignment of 4
#include "kernels/base/launch.h"
#include "kernels/base/cuda_check.h"
#include "kernels/elementwise/elementwise_cuda.h"

namespace skewbench::elementwise::v1 {
namespace {

constexpr int kBlock = 256;  // eight warps: enough to fill an SM with 8 blocks of it, few enough for any register count

// visit(i) for the elements of this thread; i in [0, count)
template <class Visit>
__device__ void stride_over(int64_t count, Visit visit) {
  const int64_t step = int64_t{gridDim.x} * kBlock;
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < count; i += step) visit(i);
}

__global__ void relu_forward_v1_kernel(int64_t count, const float* x, float* y) {
  stride_over(count, [=](int64_t i) { y[i] = x[i] < 0 ? 0.0f : x[i]; });  // not fmaxf: that would drop a NaN
}

__global__ void relu_backward_v1_kernel(int64_t count, const float* y, const float* dy, float* dx) {
  stride_over(count, [=](int64_t i) { dx[i] = y[i] > 0 ? dy[i] : 0.0f; });
}

__global__ void add_v1_kernel(int64_t count, const float* a, const float* b, float* out) {
  stride_over(count, [=](int64_t i) { out[i] = a[i] + b[i]; });
}

__global__ void image_to_real_v1_kernel(int64_t count, int64_t channels, const uint8_t* images, const float* mean,
                                        const float* scale, float* out) {
  stride_over(count, [=](int64_t i) {
    const int64_t c = i % channels;  // [0, channels)
    out[i] = (static_cast<float>(images[i]) - mean[c]) * scale[c];
  });
}

}  // namespace

void relu_forward(const ReluForward& a, void*, device::Stream stream) {
  relu_forward_v1_kernel<<<device::grid_stride_blocks(a.count, kBlock), kBlock, 0, stream>>>(a.count, a.x, a.y);
  CUDA_LAUNCHED(relu_forward_v1_kernel);
}

void relu_backward(const ReluBackward& a, void*, device::Stream stream) {
  relu_backward_v1_kernel<<<device::grid_stride_blocks(a.count, kBlock), kBlock, 0, stream>>>(a.count, a.y, a.dy, a.dx);
  CUDA_LAUNCHED(relu_backward_v1_kernel);
}

void add(const Add& a, void*, device::Stream stream) {
  add_v1_kernel<<<device::grid_stride_blocks(a.count, kBlock), kBlock, 0, stream>>>(a.count, a.a, a.b, a.out);
  CUDA_LAUNCHED(add_v1_kernel);
}

void image_to_real(const ImageToReal& a, void*, device::Stream stream) {
  const int64_t count = a.pixels * a.channels;
  image_to_real_v1_kernel<<<device::grid_stride_blocks(count, kBlock), kBlock, 0, stream>>>(count, a.channels, a.images, a.mean,
                                                                                          a.scale, a.out);
  CUDA_LAUNCHED(image_to_real_v1_kernel);
}

}  // namespace skewbench::elementwise::v1
