// Convolution, one output a thread: the definition.
//
// Idea       a thread walks along the sum of its output: forward over taps r, s, c; input gradient over the taps r, s that reach its
//            pixel, and k; filter gradient over all output pixels
// Mapping    256 threads a block, a grid that strides; consecutive lanes have consecutive channels
// Traffic    every operand is asked for once a product, 8 bytes a multiply-add, whatever the caches hold of it; compulsory are
//            x, filter and y once each
// Numerics   one float accumulator an output, a fused multiply-add a product, in ascending order of the sum's indices; taps outside the
//            image are skipped; the bias is added last
// Limits     every problem and alignment. Beats the tiled versions where there are far fewer outputs than a tile has; loses elsewhere: no
//            value that a thread loads is used by another one, and the filter gradient has only k r s c threads
#include "kernels/base/cuda_check.h"
#include "kernels/conv2d/conv2d_products.h"

namespace skewbench::conv2d::v1 {
namespace {

constexpr int kBlock = 256;

/// visit(i) for the outputs i of this thread.
template <class Visit>
__device__ void outputs_of_thread(int64_t count, Visit visit) {
#pragma unroll 1  // here and below: the definition, once
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < count; i += int64_t{gridDim.x} * kBlock) visit(i);
}

/// Whether output index p (or q) exists whose tap `tap` sees input index `pixel`, and which.
__device__ bool output_of(int pixel, int tap, int outputs, const Shape& shape, int& output) {
  const int scaled = pixel + shape.pad - tap;
  output = scaled / shape.stride;
  return scaled >= 0 && output * shape.stride == scaled && output < outputs;
}

__global__ void __launch_bounds__(kBlock) conv2d_forward_v1_kernel(const __grid_constant__ Shape shape, const __grid_constant__ Forward a) {
  outputs_of_thread(a.n * (shape.p * shape.q) * shape.k, [&](int64_t i) {
    const int64_t pixel = i / shape.k, image = pixel / (shape.p * shape.q);
    const int k = static_cast<int>(i - pixel * shape.k), inside = static_cast<int>(pixel - image * (shape.p * shape.q));
    const int top = inside / shape.q * shape.stride - shape.pad, left = inside % shape.q * shape.stride - shape.pad;
    const float* const x = a.x + image * (static_cast<int64_t>(shape.h * shape.w) * shape.c);
    const float* const filter = a.filter + k * (shape.r * shape.s * shape.c);
    float sum = 0;
#pragma unroll 1
    for (int r = 0; r < shape.r; ++r) {
      const int row = top + r;
      if (row < 0 || row >= shape.h) continue;
#pragma unroll 1
      for (int s = 0; s < shape.s; ++s) {
        const int column = left + s;
        if (column < 0 || column >= shape.w) continue;
        const float* const seen = x + (row * shape.w + column) * shape.c;
        const float* const of_tap = filter + (r * shape.s + s) * shape.c;
#pragma unroll 1
        for (int c = 0; c < shape.c; ++c) sum = fmaf(seen[c], of_tap[c], sum);
      }
    }
    if (a.bias) sum += a.bias[k];
    a.y[i] = a.relu && sum <= 0 ? 0.0f : sum;  // a NaN stays
  });
}

__global__ void __launch_bounds__(kBlock) conv2d_backward_input_v1_kernel(const __grid_constant__ Shape shape, const __grid_constant__ BackwardInput a) {
  outputs_of_thread(a.n * (shape.h * shape.w) * shape.c, [&](int64_t i) {
    const int64_t pixel = i / shape.c, image = pixel / (shape.h * shape.w);
    const int c = static_cast<int>(i - pixel * shape.c), inside = static_cast<int>(pixel - image * (shape.h * shape.w));
    const int h = inside / shape.w, w = inside % shape.w;
    const float* const dy = a.dy + image * (static_cast<int64_t>(shape.p * shape.q) * shape.k);
    float sum = 0;
#pragma unroll 1
    for (int r = 0, p = 0; r < shape.r; ++r) {
      if (!output_of(h, r, shape.p, shape, p)) continue;
#pragma unroll 1
      for (int s = 0, q = 0; s < shape.s; ++s) {
        if (!output_of(w, s, shape.q, shape, q)) continue;
        const float* const of_output = dy + (p * shape.q + q) * shape.k;
        const float* const of_tap = a.filter + (r * shape.s + s) * shape.c + c;
#pragma unroll 1
        for (int k = 0; k < shape.k; ++k) sum = fmaf(of_output[k], of_tap[k * (shape.r * shape.s * shape.c)], sum);
      }
    }
    a.dx[i] = sum;
  });
}

__global__ void __launch_bounds__(kBlock) conv2d_backward_filter_v1_kernel(const __grid_constant__ Shape shape, const __grid_constant__ BackwardFilter a) {
  outputs_of_thread(shape.k * (shape.r * shape.s * shape.c), [&](int64_t i) {
    const int index = static_cast<int>(i), place = index / shape.c, c = index - place * shape.c;
    const int s = place % shape.s, r = place / shape.s % shape.r, k = place / shape.s / shape.r;
    float sum = 0;
#pragma unroll 1
    for (int64_t image = 0; image < a.n; ++image) {
      const float* const x = a.x + image * (static_cast<int64_t>(shape.h * shape.w) * shape.c) + c;
      const float* const dy = a.dy + image * (static_cast<int64_t>(shape.p * shape.q) * shape.k) + k;
#pragma unroll 1
      for (int p = 0; p < shape.p; ++p) {
        const int row = p * shape.stride - shape.pad + r;
        if (row < 0 || row >= shape.h) continue;
#pragma unroll 1
        for (int q = 0; q < shape.q; ++q) {
          const int column = q * shape.stride - shape.pad + s;
          if (column < 0 || column >= shape.w) continue;
          sum = fmaf(dy[(p * shape.q + q) * shape.k], x[(row * shape.w + column) * shape.c], sum);
        }
      }
    }
    a.dfilter[i] = a.accumulate ? a.dfilter[i] + sum : sum;
  });
}

template <class Arguments>
unsigned blocks(const Arguments& a) { return device::grid_stride_blocks(outputs(a), kBlock); }

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  conv2d_forward_v1_kernel<<<blocks(a), kBlock, 0, stream>>>(Shape(a.problem), a);
  CUDA_LAUNCHED(conv2d_forward_v1_kernel);
}

void backward_input(const BackwardInput& a, void*, device::Stream stream) {
  conv2d_backward_input_v1_kernel<<<blocks(a), kBlock, 0, stream>>>(Shape(a.problem), a);
  CUDA_LAUNCHED(conv2d_backward_input_v1_kernel);
}

void backward_filter(const BackwardFilter& a, void* workspace, device::Stream stream) {
  conv2d_backward_filter_v1_kernel<<<blocks(a), kBlock, 0, stream>>>(Shape(a.problem), a);
  CUDA_LAUNCHED(conv2d_backward_filter_v1_kernel);
  bias_gradient(a, workspace, 0, stream);
}

}  // namespace skewbench::conv2d::v1
