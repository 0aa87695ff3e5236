// The convolution of speed_convolution.h as kernels.
//
// Idea       the loops of a direct convolution as a GPU's first version has them
// Mapping    128 threads a block, one output or four a thread
// Traffic    every operand is asked for once a product, or x once for four
// Numerics   one float accumulator an output, a fused multiply-add a product, in ascending order of r, s, c
// Limits     32-bit sizes
#include "kernels/base/cuda_check.h"
#include "kernels/cuda_on_cpu/speed_convolution.h"

namespace skewbench::cuda_on_cpu::speed {
namespace {

constexpr int kBlock = 128;

/// `channels` outputs from the `first` on, of neighbouring channels
template <int channels>
__device__ void convolve(const Convolution& a, int32_t first) {
  const int32_t k = first % a.k, pixel = first / a.k, q = pixel % a.w, p = pixel / a.w % a.h, image = pixel / (a.w * a.h);
  float sums[channels] = {};
#pragma unroll 1
  for (int32_t r = 0; r < 3; ++r)
#pragma unroll 1
    for (int32_t s = 0; s < 3; ++s) {
      const int32_t row = p + r - 1, column = q + s - 1;
      if (row < 0 || row >= a.h || column < 0 || column >= a.w) continue;
      const float* const x = a.x + ((image * a.h + row) * a.w + column) * a.c;
      const float* const filter = a.filter + ((k * 3 + r) * 3 + s) * a.c;
#pragma unroll 1
      for (int32_t c = 0; c < a.c; ++c)
#pragma unroll
        for (int i = 0; i < channels; ++i) sums[i] = fmaf(x[c], filter[i * 9 * a.c + c], sums[i]);
    }
#pragma unroll
  for (int i = 0; i < channels; ++i) a.y[first + i] = sums[i];
}

template <int channels>
__global__ void speed_convolution_kernel(Convolution a) {
  const int32_t first = channels * static_cast<int32_t>(blockIdx.x * kBlock + threadIdx.x);
  if (first < a.n * a.h * a.w * a.k) convolve<channels>(a, first);
}

template <int channels>
void launch(const Convolution& a) {
  const int32_t threads = a.n * a.h * a.w * a.k / channels;
  speed_convolution_kernel<channels><<<(threads + kBlock - 1) / kBlock, kBlock>>>(a);
  CUDA_LAUNCHED(speed_convolution_kernel);
}

}  // namespace

void direct_on_device(const Convolution& a) { launch<1>(a); }
void four_channels_on_device(const Convolution& a) { launch<4>(a); }

}  // namespace skewbench::cuda_on_cpu::speed
