// The arguments of the CUDA versions of linear.h, and their launchers. Light, for .cu files; linear_cuda.h has the tables.
// All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/stream.h"
#include "kernels/linear/linear.h"

namespace skewbench::linear {

/// y = x * weights' + bias, then max(., 0) with relu.
struct Forward {
  Problem problem;
  int64_t n;
  const float* x;        ///< [n, c]
  const float* weights;  ///< [k, c]
  const float* bias;     ///< [k] or null
  float* y;              ///< [n, k], overwritten
  bool relu = false;
  int64_t bytes_read() const { return 4 * (n * problem.c + problem.k * problem.c + (bias ? problem.k : 0)); }
  int64_t bytes_written() const { return 4 * n * problem.k; }
  double flops() const { return problem.flops_forward(n); }
};

/// dx = dy * weights.
struct BackwardInput {
  Problem problem;
  int64_t n;
  const float* dy;       ///< [n, k]
  const float* weights;  ///< [k, c]
  float* dx;             ///< [n, c], overwritten
  int64_t bytes_read() const { return 4 * (n * problem.k + problem.k * problem.c); }
  int64_t bytes_written() const { return 4 * n * problem.c; }
  double flops() const { return problem.flops_forward(n); }
};

/// dweights = dy' * x, dbias = column sums of dy; with accumulate, both are added to.
struct BackwardWeights {
  Problem problem;
  int64_t n;
  const float* x;   ///< [n, c]
  const float* dy;  ///< [n, k]
  float* dweights;  ///< [k, c]
  float* dbias;     ///< [k] or null
  bool accumulate = false;
  int64_t bytes_read() const { return 4 * (n * problem.c + n * problem.k) + (accumulate ? bytes_written() : 0); }
  int64_t bytes_written() const { return 4 * (problem.k * problem.c + (dbias ? problem.k : 0)); }
  double flops() const { return problem.flops_forward(n); }
};

// The launchers, one file a version.
#define SKEWBENCH_LINEAR_LAUNCHERS                                   \
  void forward(const Forward&, void* workspace, device::Stream);             \
  void backward_input(const BackwardInput&, void* workspace, device::Stream); \
  void backward_weights(const BackwardWeights&, void* workspace, device::Stream);
namespace v1 { SKEWBENCH_LINEAR_LAUNCHERS }  // direct
namespace v2 { SKEWBENCH_LINEAR_LAUNCHERS }  // register_tiles
namespace v3 { SKEWBENCH_LINEAR_LAUNCHERS }  // async_copies
namespace v4 { SKEWBENCH_LINEAR_LAUNCHERS }  // 3xtf32
namespace v5 { SKEWBENCH_LINEAR_LAUNCHERS }  // tf32
#undef SKEWBENCH_LINEAR_LAUNCHERS

}  // namespace skewbench::linear
