// The arguments of the CUDA versions of conv2d.h, and their launchers. Light, for .cu files; conv2d_cuda.h has the tables.
// All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/stream.h"
#include "kernels/conv2d/conv2d_problem.h"

namespace skewbench::conv2d {

/// y = convolution of x + bias, then max(., 0) with relu.
struct Forward {
  Problem problem;
  int64_t n;
  const float* x;       ///< [n, h, w, c]
  const float* filter;  ///< [k, r, s, c]
  const float* bias;    ///< [k] or null
  float* y;             ///< [n, p, q, k], overwritten
  bool relu = false;
  int64_t bytes_read() const { return 4 * (problem.x_size(n) + problem.filter_size() + (bias ? problem.k : 0)); }
  int64_t bytes_written() const { return 4 * problem.y_size(n); }
  double flops() const { return problem.flops_forward(n); }
};

/// dx = gradient of <dy, y> with respect to x.
struct BackwardInput {
  Problem problem;
  int64_t n;
  const float* dy;      ///< [n, p, q, k]
  const float* filter;  ///< [k, r, s, c]
  float* dx;            ///< [n, h, w, c], overwritten
  int64_t bytes_read() const { return 4 * (problem.y_size(n) + problem.filter_size()); }
  int64_t bytes_written() const { return 4 * problem.x_size(n); }
  double flops() const { return problem.flops_forward(n); }
};

/// Gradients of the filter and of the bias; with accumulate, both are added to.
struct BackwardFilter {
  Problem problem;
  int64_t n;
  const float* x;   ///< [n, h, w, c]
  const float* dy;  ///< [n, p, q, k]
  float* dfilter;   ///< [k, r, s, c]
  float* dbias;     ///< [k] or null
  bool accumulate = false;
  int64_t bytes_read() const { return 4 * (problem.x_size(n) + problem.y_size(n)) + (accumulate ? bytes_written() : 0); }
  int64_t bytes_written() const { return 4 * (problem.filter_size() + (dbias ? problem.k : 0)); }
  double flops() const { return problem.flops_forward(n); }
};

// The launchers, one file a version.
#define SKEWBENCH_CONV2D_LAUNCHERS                                    \
  void forward(const Forward&, void* workspace, device::Stream);              \
  void backward_input(const BackwardInput&, void* workspace, device::Stream); \
  void backward_filter(const BackwardFilter&, void* workspace, device::Stream);
namespace v1 { SKEWBENCH_CONV2D_LAUNCHERS }  // direct
namespace v2 { SKEWBENCH_CONV2D_LAUNCHERS }  // shared_tiles
namespace v3 { SKEWBENCH_CONV2D_LAUNCHERS }  // register_tiles
namespace v4 { SKEWBENCH_CONV2D_LAUNCHERS }  // async_copies
namespace v5 { SKEWBENCH_CONV2D_LAUNCHERS }  // tf32
namespace v6 { SKEWBENCH_CONV2D_LAUNCHERS }  // 3xtf32
#undef SKEWBENCH_CONV2D_LAUNCHERS

}  // namespace skewbench::conv2d
