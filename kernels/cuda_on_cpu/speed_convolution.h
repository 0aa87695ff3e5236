// A convolution twice: as a kernel, and as the same loops in C++. Only speed_main.cc uses it.
#pragma once

#include <cstdint>

namespace skewbench::cuda_on_cpu::speed {

/// 3 x 3, stride 1, padding 1; NHWC and KRSC, k a multiple of 4.
struct Convolution {
  int32_t n, h, w, c, k;
  const float* x;
  const float* filter;
  float* y;
};

/// One output a thread: a chain of multiply-adds over r, s, c.
void direct_on_device(const Convolution& a);
void direct_in_loops(const Convolution& a);

/// Four neighbouring output channels a thread: four chains, each value of x is used four times.
void four_channels_on_device(const Convolution& a);
void four_channels_in_loops(const Convolution& a);

}  // namespace skewbench::cuda_on_cpu::speed
