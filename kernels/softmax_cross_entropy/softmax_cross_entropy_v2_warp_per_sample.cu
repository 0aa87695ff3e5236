// Softmax and cross-entropy, one sample a warp.
//
// Idea       the lanes of a warp take neighbouring classes and meet by shuffles: no shared memory, no barrier, and a row of 32
//            logits is one access
// Mapping    4 warps a block, warp = sample, lane = class modulo 32
// Traffic    the row three times, the second and third time from the first-level cache
// Numerics   float: each lane's classes in order, then the lanes pairwise
// Limits     any n, any number of classes; with ten classes two thirds of the lanes idle, which at a few hundred logits costs nothing.
//            Loses to v3 where a row fits into the registers
#include "kernels/base/cuda_check.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_row.cuh"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_warp.cuh"

namespace skewbench::softmax_cross_entropy::v2 {
namespace {

constexpr int kWarps = 4;
// Loops over classes are not unrolled: ten classes are one turn, and a thousand are v3's.

__device__ int64_t sample_of_warp() { return int64_t{blockIdx.x} * kWarps + threadIdx.y; }

__global__ void loss_and_gradient_v2_kernel(LossAndGradient a) {
  const int64_t sample = sample_of_warp();
  if (sample >= a.n) return;  // with all lanes of the warp
  const int classes = static_cast<int>(a.classes), lane = static_cast<int>(threadIdx.x);
  const float* const row = a.logits + sample * classes;
  float* const drow = a.dlogits + sample * classes;
  const Own own(a.labels, sample, classes, row);
  float largest = -INFINITY, sum = 0;
#pragma unroll 1
  for (int c = lane; c < classes; c += device::kWarp) largest = fmaxf(largest, row[c]);
  largest = warp_maximum(largest);  // and from here on drow may overwrite the label's logit
#pragma unroll 1
  for (int c = lane; c < classes; c += device::kWarp) sum += exponential(row[c] - largest);
  sum = warp_sum(sum);
  const float weight = weight_of(a, sample, own), scale = weight / sum;
#pragma unroll 1
  for (int c = lane; c < classes; c += device::kWarp)
    drow[c] = exponential(row[c] - largest) * scale - (c == own.label ? weight : 0);
  if (lane > 0) return;
  a.losses[sample] = loss_of(sum, largest, own.logit);
}

__global__ void evaluate_v2_kernel(Evaluate a, float* losses, float* hits) {
  const int64_t sample = sample_of_warp();
  if (sample >= a.n) return;
  const int classes = static_cast<int>(a.classes), lane = static_cast<int>(threadIdx.x);
  const float* const row = a.logits + sample * classes;
  const Own own(a.labels, sample, classes, row);
  float largest = -INFINITY, sum = 0;
  bool wins = true;
#pragma unroll 1
  for (int c = lane; c < classes; c += device::kWarp) {
    largest = fmaxf(largest, row[c]);
    wins = wins && beats(own, c, row[c]);
  }
  largest = warp_maximum(largest);
  wins = __all_sync(0xffffffff, wins);
#pragma unroll 1
  for (int c = lane; c < classes; c += device::kWarp) sum += exponential(row[c] - largest);
  sum = warp_sum(sum);
  if (lane > 0) return;
  losses[sample] = loss_of(sum, largest, own.logit);
  hits[sample] = wins ? 1 : 0;
}

unsigned blocks(int64_t n) { return static_cast<unsigned>(device::ceil_div(n, kWarps)); }

}  // namespace

void loss_and_gradient(const LossAndGradient& a, void*, device::Stream stream) {
  loss_and_gradient_v2_kernel<<<blocks(a.n), dim3{device::kWarp, kWarps}, 0, stream>>>(a);
  CUDA_LAUNCHED(loss_and_gradient_v2_kernel);
  sum_losses(a, stream);
}

void evaluate(const Evaluate& a, void* workspace, device::Stream stream) {
  auto* const losses = static_cast<float*>(workspace);
  evaluate_v2_kernel<<<blocks(a.n), dim3{device::kWarp, kWarps}, 0, stream>>>(a, losses, losses + a.n);
  CUDA_LAUNCHED(evaluate_v2_kernel);
  sum_evaluation(a, losses, losses + a.n, stream);
}

}  // namespace skewbench::softmax_cross_entropy::v2
