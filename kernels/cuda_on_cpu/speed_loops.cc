// The convolution of speed_convolution.h in loops: each output is computed as a thread of the kernel does it.
#include <cmath>

#include "kernels/cuda_on_cpu/speed_convolution.h"

namespace skewbench::cuda_on_cpu::speed {
namespace {

template <int channels>
void convolve(const Convolution& a, int32_t image, int32_t p, int32_t q, int32_t k) {
  float sums[channels] = {};
  for (int32_t r = 0; r < 3; ++r)
    for (int32_t s = 0; s < 3; ++s) {
      const int32_t row = p + r - 1, column = q + s - 1;
      if (row < 0 || row >= a.h || column < 0 || column >= a.w) continue;
      const float* const x = a.x + ((image * a.h + row) * a.w + column) * a.c;
      const float* const filter = a.filter + ((k * 3 + r) * 3 + s) * a.c;
      for (int32_t c = 0; c < a.c; ++c)
        for (int i = 0; i < channels; ++i) sums[i] = std::fma(x[c], filter[i * 9 * a.c + c], sums[i]);
    }
  for (int i = 0; i < channels; ++i) a.y[((image * a.h + p) * a.w + q) * a.k + k + i] = sums[i];
}

template <int channels>
void in_loops(const Convolution& a) {
  for (int32_t image = 0; image < a.n; ++image)
    for (int32_t p = 0; p < a.h; ++p)
      for (int32_t q = 0; q < a.w; ++q)
        for (int32_t k = 0; k < a.k; k += channels) convolve<channels>(a, image, p, q, k);
}

}  // namespace

void direct_in_loops(const Convolution& a) { in_loops<1>(a); }
void four_channels_in_loops(const Convolution& a) { in_loops<4>(a); }

}  // namespace skewbench::cuda_on_cpu::speed
