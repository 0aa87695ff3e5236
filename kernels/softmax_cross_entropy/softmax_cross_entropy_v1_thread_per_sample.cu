// Softmax and cross-entropy, one sample a thread.
//
// Idea       the reference's three walks over a row: largest logit, sum of exponentials, gradient
// Mapping    128 threads a block, thread = sample
// Traffic    the row three times, the second and third time from the cache; lanes read a row apart, 4 bytes of a 32-byte sector
// Numerics   float, in the order of the classes
// Limits     any n, any number of classes. Loses to v2 everywhere but at two or three classes
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_row.cuh"

namespace skewbench::softmax_cross_entropy::v1 {
namespace {

constexpr int kBlock = 128;
// Loops over classes are not unrolled: where there are many, another version is the better one.

__device__ int positive(int64_t classes) {
  const int count = static_cast<int>(classes);
  __builtin_assume(count > 0);  // loops over them need not ask before the first turn
  return count;
}

__device__ int64_t sample_of_thread() { return int64_t{blockIdx.x} * kBlock + threadIdx.x; }

__device__ float maximum(int classes, const float* row) {
  float largest = -INFINITY;
#pragma unroll 1
  for (int c = 0; c < classes; ++c) largest = fmaxf(largest, row[c]);
  return largest;
}

__device__ float sum_of_exponentials(int classes, const float* row, float largest) {
  float sum = 0;
#pragma unroll 1
  for (int c = 0; c < classes; ++c) sum += exponential(row[c] - largest);
  return sum;
}

__global__ void loss_and_gradient_v1_kernel(LossAndGradient a) {
  const int64_t sample = sample_of_thread();
  if (sample >= a.n) return;
  const int classes = positive(a.classes);
  const float* const row = a.logits + sample * classes;
  float* const drow = a.dlogits + sample * classes;
  const Own own(a.labels, sample, classes, row);
  const float largest = maximum(classes, row), sum = sum_of_exponentials(classes, row, largest);
  const float weight = weight_of(a, sample, own), scale = weight / sum;
  a.losses[sample] = loss_of(sum, largest, own.logit);
#pragma unroll 1
  for (int c = 0; c < classes; ++c) drow[c] = exponential(row[c] - largest) * scale - (c == own.label ? weight : 0);
}

__global__ void evaluate_v1_kernel(Evaluate a, float* losses, float* hits) {
  const int64_t sample = sample_of_thread();
  if (sample >= a.n) return;
  const int classes = positive(a.classes);
  const float* const row = a.logits + sample * classes;
  const Own own(a.labels, sample, classes, row);
  const float largest = maximum(classes, row);
  bool wins = true;
#pragma unroll 1
  for (int c = 0; c < classes; ++c) wins = wins && beats(own, c, row[c]);
  losses[sample] = loss_of(sum_of_exponentials(classes, row, largest), largest, own.logit);
  hits[sample] = wins ? 1 : 0;
}

unsigned blocks(int64_t n) { return static_cast<unsigned>(device::ceil_div(n, kBlock)); }

}  // namespace

void loss_and_gradient(const LossAndGradient& a, void*, device::Stream stream) {
  loss_and_gradient_v1_kernel<<<blocks(a.n), kBlock, 0, stream>>>(a);
  CUDA_LAUNCHED(loss_and_gradient_v1_kernel);
  sum_losses(a, stream);
}

void evaluate(const Evaluate& a, void* workspace, device::Stream stream) {
  auto* const losses = static_cast<float*>(workspace);
  evaluate_v1_kernel<<<blocks(a.n), kBlock, 0, stream>>>(a, losses, losses + a.n);
  CUDA_LAUNCHED(evaluate_v1_kernel);
  sum_evaluation(a, losses, losses + a.n, stream);
}

}  // namespace skewbench::softmax_cross_entropy::v1
