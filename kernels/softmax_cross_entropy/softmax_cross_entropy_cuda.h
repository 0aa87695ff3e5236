// The CUDA versions of softmax_cross_entropy.h. All pointers are device memory.
//
// Labels are checked on the host before they are uploaded: check(). A kernel that meets one outside [0, classes) reads nothing
// by it; loss and gradient of that sample are NaN and it counts as wrong, so that the mistake shows.
// Default: the last version in the table that takes the problem.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

namespace skewbench::softmax_cross_entropy {

struct LossAndGradient {
  int64_t n, classes;
  const float* logits;    ///< [n, classes]
  const int32_t* labels;  ///< [n]
  const float* weights;   ///< [n], or null for all 1
  double normaliser;      ///< > 0
  float* losses;          ///< [n], unweighted
  float* dlogits;         ///< [n, classes]; may be logits
  double* total;          ///< one number: sum of weight * loss / normaliser, in double and in a fixed order
  int64_t bytes_read() const { return 4 * n * (classes + (weights ? 2 : 1)); }
  int64_t bytes_written() const { return 4 * n * (classes + 1) + 8; }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

struct Evaluate {
  int64_t n, classes;
  const float* logits;
  const int32_t* labels;
  Evaluation* result;  ///< one, overwritten; summed in double and in a fixed order
  int64_t bytes_read() const { return 4 * n * (classes + 1); }
  int64_t bytes_written() const { return sizeof(Evaluation); }
  double flops() const { return 0; }
};

device::Versions<LossAndGradient> loss_and_gradient_versions();
device::Versions<Evaluate> evaluate_versions();

// What all versions end with: one block that adds up what they left per sample.
void sum_losses(const LossAndGradient&, device::Stream);
/// hits [n]: 1 for a right answer, 0 for a wrong one.
void sum_evaluation(const Evaluate&, const float* losses, const float* hits, device::Stream);

// The launchers, one file a version.
namespace v1 {  // thread_per_sample
void loss_and_gradient(const LossAndGradient&, void* workspace, device::Stream);
void evaluate(const Evaluate&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // warp_per_sample
void loss_and_gradient(const LossAndGradient&, void* workspace, device::Stream);
void evaluate(const Evaluate&, void* workspace, device::Stream);
}  // namespace v2
namespace v3 {  // row_in_registers
inline constexpr int64_t kMostClasses = 1024;
void loss_and_gradient(const LossAndGradient&, void* workspace, device::Stream);
void evaluate(const Evaluate&, void* workspace, device::Stream);
}  // namespace v3

}  // namespace skewbench::softmax_cross_entropy
