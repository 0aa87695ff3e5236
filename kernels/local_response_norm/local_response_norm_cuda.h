// The CUDA versions of local_response_norm.h. All pointers are device memory. Sums are taken in float, in a fixed order.
// Default: the last version in the table that takes the problem.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/local_response_norm/local_response_norm.h"

namespace skewbench::local_response_norm {

struct Forward {
  Problem problem;
  int64_t n;
  const float* x;  ///< [n, h, w, c]
  float* y;        ///< as x, which it must not overlap
  float* scale;    ///< as x, kept for the backward pass
  int64_t size() const { return n * problem.h * problem.w * problem.c; }
  int64_t bytes_read() const { return 4 * size(); }
  int64_t bytes_written() const { return 8 * size(); }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

struct Backward {
  Problem problem;
  int64_t n;
  const float* x;      ///< x, y, scale: the forward pass's
  const float* y;
  const float* scale;
  const float* dy;
  float* dx;           ///< must not overlap the others
  int64_t size() const { return n * problem.h * problem.w * problem.c; }
  int64_t bytes_read() const { return 16 * size(); }
  int64_t bytes_written() const { return 4 * size(); }
  double flops() const { return 0; }
};

device::Versions<Forward> forward_versions();
device::Versions<Backward> backward_versions();

// The launchers, one file a version.
namespace v1 {  // output_per_thread
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // four_channels
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::local_response_norm
