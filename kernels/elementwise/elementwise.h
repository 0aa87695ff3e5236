// ReLU, residual addition and the conversion of images: one element at a time, equal to the bit in every version.
#pragma once

#include <cstdint>

namespace skewbench::elementwise {

/// y = x where x is not below 0, else 0: a NaN passes through, so that a diverged network shows. y may be x.
template <class T>
void relu_forward_ref(int64_t count, const T* x, T* y);
void relu_forward_host(int64_t count, const float* x, float* y);

/// dx = dy where y > 0, else 0; y is the forward pass's output. dx may be dy.
template <class T>
void relu_backward_ref(int64_t count, const T* y, const T* dy, T* dx);
void relu_backward_host(int64_t count, const float* y, const float* dy, float* dx);

/// out = a + b. out may be a or b.
template <class T>
void add_ref(int64_t count, const T* a, const T* b, T* out);
void add_host(int64_t count, const float* a, const float* b, float* out);

/// out[p, c] = (float(images[p, c]) - mean[c]) * scale[c] for p in [0, pixels): bytes to network input; mean, scale [channels].
template <class T>
void image_to_real_ref(int64_t pixels, int64_t channels, const uint8_t* images, const T* mean, const T* scale, T* out);
void image_to_real_host(int64_t pixels, int64_t channels, const uint8_t* images, const float* mean, const float* scale,
                        float* out);

}  // namespace skewbench::elementwise
