// The CUDA versions of elementwise.h: the same formulas, equal to the bit. All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"

namespace skewbench::elementwise {

/// y = relu(x); y may be x.
struct ReluForward {
  int64_t count;
  const float* x;
  float* y;
  int64_t bytes_read() const { return 4 * count; }     ///< the least that any version must read,
  int64_t bytes_written() const { return 4 * count; }  ///< and write
  double flops() const { return 0; }                   ///< by the suite's convention: convolutions and linear layers only
};

/// dx = dy where y > 0, else 0; dx may be dy.
struct ReluBackward {
  int64_t count;
  const float* y;
  const float* dy;
  float* dx;
  int64_t bytes_read() const { return 8 * count; }
  int64_t bytes_written() const { return 4 * count; }
  double flops() const { return 0; }
};

/// out = a + b; out may be a or b.
struct Add {
  int64_t count;
  const float* a;
  const float* b;
  float* out;
  int64_t bytes_read() const { return 8 * count; }
  int64_t bytes_written() const { return 4 * count; }
  double flops() const { return 0; }
};

/// out[p, c] = (float(images[p, c]) - mean[c]) * scale[c]; images [pixels, channels] u8, mean and scale [channels].
struct ImageToReal {
  int64_t pixels, channels;
  const uint8_t* images;
  const float* mean;
  const float* scale;
  float* out;
  int64_t bytes_read() const { return pixels * channels + 8 * channels; }
  int64_t bytes_written() const { return 4 * pixels * channels; }
  double flops() const { return 0; }
};

device::Versions<ReluForward> relu_forward_versions();
device::Versions<ReluBackward> relu_backward_versions();
device::Versions<Add> add_versions();
device::Versions<ImageToReal> image_to_real_versions();

// The launchers, one file a version.
namespace v1 {  // grid_stride
void relu_forward(const ReluForward&, void* workspace, device::Stream);
void relu_backward(const ReluBackward&, void* workspace, device::Stream);
void add(const Add&, void* workspace, device::Stream);
void image_to_real(const ImageToReal&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // four_at_once
void relu_forward(const ReluForward&, void* workspace, device::Stream);
void relu_backward(const ReluBackward&, void* workspace, device::Stream);
void add(const Add&, void* workspace, device::Stream);
void image_to_real(const ImageToReal&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::elementwise
