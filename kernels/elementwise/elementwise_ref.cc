#include "kernels/elementwise/elementwise.h"

namespace skewbench::elementwise {

template <class T>
void relu_forward_ref(int64_t count, const T* x, T* y) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] < 0 ? T(0) : x[i];
}

template <class T>
void relu_backward_ref(int64_t count, const T* y, const T* dy, T* dx) {
  for (int64_t i = 0; i < count; ++i) dx[i] = y[i] > 0 ? dy[i] : T(0);
}

template <class T>
void add_ref(int64_t count, const T* a, const T* b, T* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = a[i] + b[i];
}

template <class T>
void image_to_real_ref(int64_t pixels, int64_t channels, const uint8_t* images, const T* mean, const T* scale, T* out) {
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t c = 0; c < channels; ++c)
      out[p * channels + c] = (static_cast<T>(images[p * channels + c]) - mean[c]) * scale[c];
}

template void relu_forward_ref(int64_t, const float*, float*);
template void relu_forward_ref(int64_t, const double*, double*);
template void relu_backward_ref(int64_t, const float*, const float*, float*);
template void relu_backward_ref(int64_t, const double*, const double*, double*);
template void add_ref(int64_t, const float*, const float*, float*);
template void add_ref(int64_t, const double*, const double*, double*);
template void image_to_real_ref(int64_t, int64_t, const uint8_t*, const float*, const float*, float*);
template void image_to_real_ref(int64_t, int64_t, const uint8_t*, const double*, const double*, double*);

}  // namespace skewbench::elementwise
