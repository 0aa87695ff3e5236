// The totals over the samples, which every version ends with.
//
// Idea       per-sample results are few: one block adds them up in double, so the order is fixed without a second level
// Mapping    256 threads; thread t adds samples t, t + 256, ...; then the lanes of a warp pairwise, then the eight warps in order
// Traffic    losses and weights, or losses and hits, once
// Numerics   double throughout; the count of right answers is an exact integer below 2^53
// Limits     one multiprocessor: at 10,000 samples some 40 rounds of loads
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.h"

namespace skewbench::softmax_cross_entropy {
namespace {

constexpr int kBlock = 256, kWarps = kBlock / device::kWarp;

// The block's sum; `of_warps` has room for one number a warp and is used for nothing else.
__device__ double block_sum(double value, double (&of_warps)[kWarps]) {
  for (int other = device::kWarp / 2; other > 0; other /= 2) value += __shfl_down_sync(0xffffffff, value, other);
  if (threadIdx.x % device::kWarp == 0) of_warps[threadIdx.x / device::kWarp] = value;
  __syncthreads();  // the sums of all warps are there
  double sum = of_warps[0];
  for (int warp = 1; warp < kWarps; ++warp) sum += of_warps[warp];
  return sum;
}

__global__ void sum_losses_kernel(LossAndGradient a) {
  __shared__ double of_warps[kWarps];
  const int thread = static_cast<int>(threadIdx.x);
  double sum = 0;
#pragma unroll 1
  for (int64_t i = thread; i < a.n; i += kBlock)
    sum += (a.weights ? static_cast<double>(a.weights[i]) : 1.0) / a.normaliser * static_cast<double>(a.losses[i]);
  sum = block_sum(sum, of_warps);
  if (thread > 0) return;
  *a.total = sum;
}

__global__ void sum_evaluation_kernel(int64_t n, const float* losses, const float* hits, Evaluation* result) {
  __shared__ double of_losses[kWarps], of_hits[kWarps];
  const int thread = static_cast<int>(threadIdx.x);
  double loss = 0, correct = 0;
#pragma unroll 1
  for (int64_t i = thread; i < n; i += kBlock) {
    loss += static_cast<double>(losses[i]);
    correct += static_cast<double>(hits[i]);
  }
  loss = block_sum(loss, of_losses);
  correct = block_sum(correct, of_hits);
  if (thread > 0) return;
  *result = {loss, static_cast<int64_t>(correct)};
}

}  // namespace

void sum_losses(const LossAndGradient& a, device::Stream stream) {
  sum_losses_kernel<<<1, kBlock, 0, stream>>>(a);
  CUDA_LAUNCHED(sum_losses_kernel);
}

void sum_evaluation(const Evaluate& a, const float* losses, const float* hits, device::Stream stream) {
  sum_evaluation_kernel<<<1, kBlock, 0, stream>>>(a.n, losses, hits, a.result);
  CUDA_LAUNCHED(sum_evaluation_kernel);
}

}  // namespace skewbench::softmax_cross_entropy
