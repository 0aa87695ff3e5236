#include <cstddef>
#include <vector>

#include "kernels/elementwise/elementwise.h"

namespace skewbench::elementwise {

// Arrays may be the same but are never shifted against each other, which simd allows and __restrict would not.
void relu_forward_host(int64_t count, const float* x, float* y) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] < 0 ? 0.0f : x[i];
}

void relu_backward_host(int64_t count, const float* y, const float* dy, float* dx) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float gradient = dy[i];  // read always: a conditional read cannot be vectorised
    dx[i] = y[i] > 0 ? gradient : 0.0f;
  }
}

void add_host(int64_t count, const float* a, const float* b, float* out) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] = a[i] + b[i];
}

void image_to_real_host(int64_t pixels, int64_t channels, const uint8_t* images, const float* mean, const float* scale,
                        float* out) {
  if (channels == 1) {
    const float m = mean[0], s = scale[0];
#pragma omp simd
    for (int64_t p = 0; p < pixels; ++p) out[p] = (static_cast<float>(images[p]) - m) * s;
    return;
  }
  // Rows of kRow pixels with mean and scale written out for every byte: one vectorised loop for any channel count.
  constexpr int64_t kRow = 16;
  const int64_t row = kRow * channels;
  std::vector<float> means(static_cast<std::size_t>(row)), scales(static_cast<std::size_t>(row));
  for (int64_t i = 0; i < row; ++i) {
    means[static_cast<std::size_t>(i)] = mean[i % channels];
    scales[static_cast<std::size_t>(i)] = scale[i % channels];
  }
  const int64_t count = pixels * channels;
  const float *m = means.data(), *s = scales.data();
  for (int64_t begin = 0; begin < count; begin += row) {
    const int64_t length = count - begin < row ? count - begin : row;
#pragma omp simd
    for (int64_t i = 0; i < length; ++i) out[begin + i] = (static_cast<float>(images[begin + i]) - m[i]) * s[i];
  }
}

}  // namespace skewbench::elementwise
