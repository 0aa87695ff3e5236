// The CUDA versions of pooling.h. All pointers are device memory.
//
// Maxima and workspaces are the reference's, byte for byte; averages and gradients are sums in float, in a fixed order.
// Default: the last version in the table that takes the problem.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/pooling/pooling.h"

namespace skewbench::pooling {

struct Forward {
  Problem problem;
  int64_t n;
  const float* x;      ///< [n, h, w, c]
  float* y;            ///< [n, p, q, c]
  uint8_t* workspace;  ///< [problem.workspace_bytes(n)]; null where no backward pass follows
  int64_t bytes_read() const;  ///< no more than the windows see, where the stride is larger than they are
  int64_t bytes_written() const { return 4 * problem.y_size(n) + (workspace ? problem.workspace_bytes(n) : 0); }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

struct Backward {
  Problem problem;
  int64_t n;
  const float* dy;           ///< [n, p, q, c]
  const uint8_t* workspace;  ///< the forward pass's; read for a maximum only
  float* dx;                 ///< [n, h, w, c], overwritten
  int64_t bytes_read() const { return 4 * problem.y_size(n) + problem.workspace_bytes(n); }
  int64_t bytes_written() const { return 4 * problem.x_size(n); }
  double flops() const { return 0; }
};

device::Versions<Forward> forward_versions();
device::Versions<Backward> backward_versions();

/// cuDNN's averages, number 0; null where it is not built in. There is no maximum: cuDNN names no winner. And no gradient: it
/// asks for x and y, which an average's gradient does not depend on and our callers do not keep.
const device::Version<Forward>* forward_vendor();

// The launchers, one file a version.
namespace v1 {  // output_per_thread
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // four_channels
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v2
namespace v3 {  // pixels_over_warps
void forward(const Forward&, void* workspace, device::Stream);
}  // namespace v3

}  // namespace skewbench::pooling
