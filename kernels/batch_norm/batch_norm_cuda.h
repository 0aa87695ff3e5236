// The CUDA versions of batch_norm.h. All pointers are device memory. Beyond it, a residual may be added before the ReLU.
//
// Default in each direction: the last version in the table that takes the problem. That is v5 where c is a multiple of 4, and v2 (in
// inference v1) for other channel counts; all of them are float32-accurate.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/batch_norm/batch_norm.h"

namespace skewbench::batch_norm {

/// y = [relu](norm(x) [+ residual]). y may be x; in v5 it may be the residual, too.
struct ForwardTraining {
  Problem problem;
  int64_t rows;
  const float* x;         ///< [rows, c]
  const float* gamma;     ///< [c], as beta
  const float* beta;
  const float* residual;  ///< [rows, c]; null: none
  float* y;               ///< [rows, c]
  float* mean;            ///< [c], as variance: those of the batch
  float* variance;
  /// The least that any version must read, and write.
  int64_t bytes_read() const { return 4 * (rows * problem.c * (residual ? 2 : 1) + 2 * problem.c); }
  int64_t bytes_written() const { return 4 * (rows * problem.c + 2 * problem.c); }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// The same with given statistics.
struct ForwardInference {
  Problem problem;
  int64_t rows;
  const float* x;         ///< [rows, c]
  const float* mean;      ///< [c], as variance, gamma and beta
  const float* variance;
  const float* gamma;
  const float* beta;
  const float* residual;  ///< [rows, c]; null: none
  float* y;               ///< [rows, c]
  int64_t bytes_read() const { return 4 * (rows * problem.c * (residual ? 2 : 1) + 4 * problem.c); }
  int64_t bytes_written() const { return 4 * rows * problem.c; }
  double flops() const { return 0; }
};

/// The gradients of batch_norm.h, through batch statistics or through constants. dresidual is dy where the ReLU passed it. dx or
/// dresidual may be dy.
struct Backward {
  Problem problem;
  int64_t rows;
  const float* x;         ///< [rows, c], as y and dy
  const float* y;         ///< ignored unless problem.relu
  const float* dy;
  const float* mean;      ///< [c], as variance and gamma
  const float* variance;
  const float* gamma;
  float* dx;              ///< [rows, c], as dresidual
  float* dresidual;       ///< null: not wanted
  float* dgamma;          ///< [c], as dbeta
  float* dbeta;
  bool accumulate;        ///< add to dgamma and dbeta instead of overwriting them
  int64_t bytes_read() const {
    return 4 * (rows * problem.c * (problem.relu ? 3 : 2) + (accumulate ? 5 : 3) * problem.c);
  }
  int64_t bytes_written() const { return 4 * (rows * problem.c * (dresidual ? 2 : 1) + 2 * problem.c); }
  double flops() const { return 0; }
};

device::Versions<ForwardTraining> forward_training_versions();
device::Versions<ForwardInference> forward_inference_versions();
device::Versions<Backward> backward_training_versions();
device::Versions<Backward> backward_frozen_versions();

/// cuDNN: number 0. Null where it is not built in; there is no frozen backward in cuDNN.
const device::Version<ForwardTraining>* forward_training_vendor();
const device::Version<ForwardInference>* forward_inference_vendor();
const device::Version<Backward>* backward_training_vendor();

/// The most shared memory that v4 takes for its channels' rows, in bytes: with what its reductions need, below the 99 KiB that
/// a block may have on every GPU from sm_80 on.
inline constexpr int64_t kMostSharedBytes = 96 * 1024;

// The launchers, one file a version. workspace: what workspace_bytes() of the table says.
namespace v1 {  // two_pass
void forward_training(const ForwardTraining&, void* workspace, device::Stream);
void forward_inference(const ForwardInference&, void* workspace, device::Stream);
void backward_training(const Backward&, void* workspace, device::Stream);
void backward_frozen(const Backward&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // welford_shuffles
inline constexpr int64_t kRowsOfAPart = 512;
inline int64_t parts(const Problem&, int64_t rows) { return (rows + kRowsOfAPart - 1) / kRowsOfAPart; }
void forward_training(const ForwardTraining&, void* workspace, device::Stream);
void backward_training(const Backward&, void* workspace, device::Stream);
void backward_frozen(const Backward&, void* workspace, device::Stream);
}  // namespace v2
namespace v3 {  // vectorised_persistent
/// Blocks that share the rows of a channel, also in v5.
int64_t parts(const Problem&, int64_t rows);
void forward_training(const ForwardTraining&, void* workspace, device::Stream);
void forward_inference(const ForwardInference&, void* workspace, device::Stream);
void backward_training(const Backward&, void* workspace, device::Stream);
void backward_frozen(const Backward&, void* workspace, device::Stream);
}  // namespace v3
namespace v4 {  // channels_in_shared_memory
void forward_training(const ForwardTraining&, void* workspace, device::Stream);
void backward_training(const Backward&, void* workspace, device::Stream);
}  // namespace v4
namespace v5 {  // fused_add_relu
void forward_training(const ForwardTraining&, void* workspace, device::Stream);
void forward_inference(const ForwardInference&, void* workspace, device::Stream);
void backward_training(const Backward&, void* workspace, device::Stream);
void backward_frozen(const Backward&, void* workspace, device::Stream);
}  // namespace v5

}  // namespace skewbench::batch_norm
