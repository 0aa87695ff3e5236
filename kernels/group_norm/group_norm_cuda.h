// The CUDA versions of group_norm.h. All pointers are device memory.
//
// Default: the last version in the table that takes the problem. That is v5 where c / groups is a multiple of 4 and a group
// fits into shared memory, v3 where it does not fit, v2 for other channel counts; all of them are float32-accurate.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/group_norm/group_norm.h"

namespace skewbench::group_norm {

/// y = [relu](norm(x) [+ residual]). y may be x; from v5 on it may be the residual, too.
struct Forward {
  Problem problem;
  int64_t n;
  const float* x;         ///< [n, pixels, c]
  const float* gamma;     ///< [c], as beta; ignored unless problem.affine
  const float* beta;
  const float* residual;  ///< [n, pixels, c]; ignored unless problem.add
  float* y;               ///< [n, pixels, c]
  float* mean;            ///< [n, groups], as rstd
  float* rstd;
  int64_t size() const { return n * problem.pixels * problem.c; }
  /// The least that any version must read, and write.
  int64_t bytes_read() const { return 4 * (size() * (problem.add ? 2 : 1) + (problem.affine ? 2 * problem.c : 0)); }
  int64_t bytes_written() const { return 4 * (size() + 2 * n * problem.groups); }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// The gradients of group_norm.h. dx or dresidual may be dy.
struct Backward {
  Problem problem;
  int64_t n;
  const float* x;      ///< [n, pixels, c], as y and dy
  const float* y;      ///< ignored unless problem.relu
  const float* dy;
  const float* gamma;  ///< [c]; ignored unless problem.affine
  const float* mean;   ///< [n, groups], as rstd
  const float* rstd;
  float* dx;           ///< [n, pixels, c], as dresidual
  float* dresidual;    ///< ignored unless problem.add; null: not wanted
  float* dgamma;       ///< [c], as dbeta; ignored unless problem.affine; both null: not wanted
  float* dbeta;
  bool accumulate;     ///< add to dgamma and dbeta, sample by sample, instead of overwriting them
  int64_t size() const { return n * problem.pixels * problem.c; }
  bool wants_residual() const { return problem.add && dresidual; }
  bool wants_parameters() const { return problem.affine && dgamma; }
  int64_t bytes_read() const {
    const int64_t parameters = (problem.affine ? 1 : 0) + (wants_parameters() && accumulate ? 2 : 0);
    return 4 * (size() * (problem.relu ? 3 : 2) + 2 * n * problem.groups + parameters * problem.c);
  }
  int64_t bytes_written() const {
    return 4 * (size() * (wants_residual() ? 2 : 1) + (wants_parameters() ? 2 * problem.c : 0));
  }
  double flops() const { return 0; }
};

/// The most shared memory that v4 and v5 take for a group, in bytes. With the 8 KiB of their reductions it stays below the
/// 99 KiB that a block may have on every GPU from sm_80 on.
inline constexpr int64_t kMostSharedBytes = 90 * 1024;

device::Versions<Forward> forward_versions();
device::Versions<Backward> backward_versions();

/// None: cuDNN's functions have no group norm. Its graph interface names a mode for it, but the normalisations that NVIDIA
/// documents for it are others.
inline const device::Version<Forward>* forward_vendor() { return nullptr; }
inline const device::Version<Backward>* backward_vendor() { return nullptr; }

// The launchers, one file a version. workspace: what workspace_bytes() of the table says.
namespace v1 {  // two_pass
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // welford_shuffles
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v2
namespace v3 {  // vectorised_persistent
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v3
namespace v4 {  // group_in_shared_memory
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v4
namespace v5 {  // fused_add_relu
void forward(const Forward&, void* workspace, device::Stream);
void backward(const Backward&, void* workspace, device::Stream);
}  // namespace v5

// What the versions have in common: passes of their own over whole arrays (group_norm_passes.cu).

/// The addition and the ReLU of a problem that has them, on y as the normalisation left it. For versions without fusion.
void add_and_relu(const Forward&, device::Stream);
/// The gradient that the ReLU lets through, where a version without fusion reads it: dy itself without a ReLU; otherwise
/// written to dresidual, or to dx where that is not wanted. dresidual is written in any case if it is wanted.
const float* passed_gradient(const Backward&, device::Stream);
/// dgamma and dbeta from the samples' sums, partial [2, n, c]: those for beta first. In the order of the samples.
void sum_over_samples(const Backward&, const float* partial, device::Stream);

}  // namespace skewbench::group_norm
