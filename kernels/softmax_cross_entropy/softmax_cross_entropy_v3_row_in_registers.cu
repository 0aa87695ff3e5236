// Softmax and cross-entropy, one sample a warp, whose row stays in registers.
//
// Idea       v2 walks over the row three times; here a lane loads its classes once, 16 bytes at a time, and keeps them: up to eight
//            quads a lane, 1,024 classes a warp
// Mapping    4 warps a block, warp = sample; quad 32 k + lane of the row is register k of the lane
// Traffic    compulsory bytes, 16 an access
// Numerics   as v2 with the classes dealt out by fours: equal to it within rounding, not to the bit
// Limits     classes a multiple of 4 and at most 1,024, logits and dlogits at multiples of 16 bytes: the 100 and 1,000 classes of
//            CIFAR-100 and ImageNet. Places behind the row hold minus infinity, which adds nothing
#include "kernels/base/cuda_check.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_row.cuh"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_warp.cuh"

namespace skewbench::softmax_cross_entropy::v3 {
namespace {

constexpr int kWarps = 4, kQuads = kMostClasses / 4 / device::kWarp;

__device__ int64_t sample_of_warp() { return int64_t{blockIdx.x} * kWarps + threadIdx.y; }

// A lane's part of a row. All loops are unrolled, or the array would be memory.
struct Row {
  __device__ Row(const float* logits, int classes, int lane_) : quads(classes / 4), lane(lane_) {
    const float4* const row = reinterpret_cast<const float4*>(logits);
#pragma unroll
    for (int k = 0; k < kQuads; ++k) quad[k] = has(k) ? row[place(k)] : float4{-INFINITY, -INFINITY, -INFINITY, -INFINITY};
  }
  __device__ int place(int k) const { return k * device::kWarp + lane; }  // in the row, of quad[k]
  __device__ bool has(int k) const { return place(k) < quads; }

  __device__ float maximum() const {
    float largest = quad[0].x;
#pragma unroll
    for (int k = 0; k < kQuads; ++k)
      largest = fmaxf(largest, fmaxf(fmaxf(quad[k].x, quad[k].y), fmaxf(quad[k].z, quad[k].w)));
    return warp_maximum(largest);
  }

  __device__ float sum_of_exponentials(float largest) const {
    float sum = 0;
#pragma unroll
    for (int k = 0; k < kQuads; ++k)
      sum += exponential(quad[k].x - largest) + exponential(quad[k].y - largest) + exponential(quad[k].z - largest) +
             exponential(quad[k].w - largest);
    return warp_sum(sum);
  }

  int quads, lane;
  float4 quad[kQuads];
};

__global__ void loss_and_gradient_v3_kernel(LossAndGradient a) {
  const int64_t sample = sample_of_warp();
  if (sample >= a.n) return;  // with all lanes of the warp
  const int classes = static_cast<int>(a.classes), lane = static_cast<int>(threadIdx.x);
  const float* const logits = a.logits + sample * classes;
  const Own own(a.labels, sample, classes, logits);
  const Row row(logits, classes, lane);
  const float largest = row.maximum();  // and from here on dlogits may overwrite the label's logit
  const float sum = row.sum_of_exponentials(largest);
  const float weight = weight_of(a, sample, own), scale = weight / sum;
  float4* const drow = reinterpret_cast<float4*>(a.dlogits + sample * classes);
  const auto gradient = [&](int c, float logit) { return exponential(logit - largest) * scale - (c == own.label ? weight : 0); };
#pragma unroll
  for (int k = 0; k < kQuads; ++k) {
    const int c = 4 * row.place(k);
    const float4 z = row.quad[k];
    if (row.has(k)) drow[row.place(k)] = {gradient(c, z.x), gradient(c + 1, z.y), gradient(c + 2, z.z), gradient(c + 3, z.w)};
  }
  if (lane > 0) return;
  a.losses[sample] = loss_of(sum, largest, own.logit);
}

__global__ void evaluate_v3_kernel(Evaluate a, float* losses, float* hits) {
  const int64_t sample = sample_of_warp();
  if (sample >= a.n) return;
  const int classes = static_cast<int>(a.classes), lane = static_cast<int>(threadIdx.x);
  const float* const logits = a.logits + sample * classes;
  const Own own(a.labels, sample, classes, logits);
  const Row row(logits, classes, lane);
  const float largest = row.maximum(), sum = row.sum_of_exponentials(largest);
  bool wins = true;
#pragma unroll
  for (int k = 0; k < kQuads; ++k) {
    const int c = 4 * row.place(k);
    const float4 z = row.quad[k];
    wins = wins && beats(own, c, z.x) && beats(own, c + 1, z.y) && beats(own, c + 2, z.z) && beats(own, c + 3, z.w);
  }
  wins = __all_sync(0xffffffff, wins);
  if (lane > 0) return;
  losses[sample] = loss_of(sum, largest, own.logit);
  hits[sample] = wins ? 1 : 0;
}

unsigned blocks(int64_t n) { return static_cast<unsigned>(device::ceil_div(n, kWarps)); }

}  // namespace

void loss_and_gradient(const LossAndGradient& a, void*, device::Stream stream) {
  loss_and_gradient_v3_kernel<<<blocks(a.n), dim3{device::kWarp, kWarps}, 0, stream>>>(a);
  CUDA_LAUNCHED(loss_and_gradient_v3_kernel);
  sum_losses(a, stream);
}

void evaluate(const Evaluate& a, void* workspace, device::Stream stream) {
  auto* const losses = static_cast<float*>(workspace);
  evaluate_v3_kernel<<<blocks(a.n), dim3{device::kWarp, kWarps}, 0, stream>>>(a, losses, losses + a.n);
  CUDA_LAUNCHED(evaluate_v3_kernel);
  sum_evaluation(a, losses, losses + a.n, stream);
}

}  // namespace skewbench::softmax_cross_entropy::v3
