// The CUDA versions of evo_norm.h. All pointers are device memory. Sums are taken in float, in a fixed order.
// Default: the last version in the table that takes the problem.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/evo_norm/evo_norm.h"

namespace skewbench::evo_norm {

struct Forward {
  Problem problem;
  int64_t n;
  const float* x;      ///< [n, pixels, c]
  const float* gamma;  ///< [c], as beta
  const float* beta;
  float* y;            ///< [n, pixels, c]; must not overlap x
  float* mean;         ///< [n, groups], as rstd
  float* rstd;
  int64_t size() const { return n * problem.pixels * problem.c; }
  /// The least that any version must read, and write.
  int64_t bytes_read() const { return 4 * (size() + 2 * problem.c); }
  int64_t bytes_written() const { return 4 * (size() + 2 * n * problem.groups); }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// The gradients of evo_norm.h. dx may be dy.
struct Backward {
  Problem problem;
  int64_t n;
  const float* x;      ///< [n, pixels, c], as dy
  const float* dy;
  const float* gamma;  ///< [c]
  const float* mean;   ///< [n, groups], as rstd
  const float* rstd;
  float* dx;           ///< [n, pixels, c]
  float* dgamma;       ///< [c], as dbeta; both null: not wanted
  float* dbeta;
  bool accumulate;     ///< add to dgamma and dbeta, sample by sample, instead of overwriting them
  int64_t size() const { return n * problem.pixels * problem.c; }
  int64_t bytes_read() const { return 4 * (2 * size() + 2 * n * problem.groups + (dgamma && accumulate ? 3 : 1) * problem.c); }
  int64_t bytes_written() const { return 4 * (size() + (dgamma ? 2 * problem.c : 0)); }
  double flops() const { return 0; }
};

/// The most shared memory that v3 takes for a slab, in bytes. With its reductions it stays below the 99 KiB that a block may
/// have on every GPU from sm_80 on.
inline constexpr int64_t kMostSharedBytes = 88 * 1024;

device::Versions<Forward> forward_versions();
device::Versions<Backward> backward_versions();

/// What all versions end with: dgamma and dbeta from the samples' sums, partial [2, n, c], those for dgamma first. In the order
/// of the samples.
void sum_over_samples(const Backward&, const float* partial, device::Stream);

// The launchers, one file a version. workspace: what workspace_bytes() of the table says.
namespace v1 {  // two_pass
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // four_channels
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v2
namespace v3 {  // slab_in_shared_memory
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v3

}  // namespace skewbench::evo_norm
