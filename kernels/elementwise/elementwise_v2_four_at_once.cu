// ReLU, addition and image conversion with 16-byte accesses.
//
// Idea       a thread loads, computes and stores four neighbouring elements with one instruction each: a quarter of v1's memory
//            instructions and address arithmetic for the same bytes
// Mapping    256 threads a block; thread t of the grid has elements 4t .. 4t + 3, then strides; the tail of up to three
//            elements is left to the first threads of the grid. Images: the grid covers all elements, nothing strides, so that
//            the channel of a thread's first element is worked out in 32 bits
// Traffic    the compulsory bytes; images 4 bytes a load, as many as make one 16-byte store. Means and scales from the cache
// Numerics   as v1, equal to the bit
// Limits     all pointers multiples of 16, images of 4; any count >= 1; images of at most 65,535 channels
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

// One byte of an image, and on to the next element's channel.
__device__ float real(unsigned char value, const float* mean, const float* scale, unsigned& c, unsigned channels) {
  const float result = (static_cast<float>(value) - mean[c]) * scale[c];
  c = c + 1 == channels ? 0 : c + 1;
  return result;
}

__global__ void image_to_real_v2_kernel(int64_t count, unsigned channels, const uint8_t* images, const float* mean, const float* scale,
                                        float* out) {
  const int64_t i = 4 * (int64_t{blockIdx.x} * kBlock + threadIdx.x);
  // i % channels. The product is below 65535 * 1024.
  unsigned c = (blockIdx.x % channels * (4 * kBlock % channels) + 4 * threadIdx.x) % channels;
  if (i + 4 <= count) {
    const uchar4 bytes = *reinterpret_cast<const uchar4*>(images + i);
    float4 result;
    result.x = real(bytes.x, mean, scale, c, channels);
    result.y = real(bytes.y, mean, scale, c, channels);
    result.z = real(bytes.z, mean, scale, c, channels);
    result.w = real(bytes.w, mean, scale, c, channels);
    *reinterpret_cast<float4*>(out + i) = result;
    return;
  }
#pragma unroll
  for (int64_t element = i; element < i + 3; ++element)
    if (element < count) out[element] = real(images[element], mean, scale, c, channels);
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

void image_to_real(const ImageToReal& a, void*, device::Stream stream) {
  const int64_t count = a.pixels * a.channels;
  image_to_real_v2_kernel<<<static_cast<unsigned>(device::ceil_div(count, 4 * kBlock)), kBlock, 0, stream>>>(
      count, static_cast<unsigned>(a.channels), a.images, a.mean, a.scale, a.out);
  CUDA_LAUNCHED(image_to_real_v2_kernel);
}

}  // namespace skewbench::elementwise::v2
