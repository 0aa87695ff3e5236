// The second kernel of the versions whose rows are split over blocks: from the parts' sums to a channel's coefficients.
//
// Mapping    a block per 8 channels, 32 threads a channel; thread r takes parts r, r + 32 ..., then shuffles and shared memory
//            reduce over the 32
// Traffic    12 parts * c bytes forward and 8 parts * c backward: where there are several parts, at most a 40th of x
// Numerics   moments are merged by Chan's formula. The order depends on the number of parts alone, hence on the problem alone
#include "kernels/batch_norm/batch_norm_device.cuh"

namespace skewbench::batch_norm {
namespace {

using device::Moments;

constexpr int kChannels = 8;
constexpr int kRows = kBlock / kChannels;

__global__ void __launch_bounds__(kBlock) batch_norm_combine_moments_kernel(ForwardTraining a, float eps, int64_t parts,
                                                                           MomentsWorkspace workspace) {
  __shared__ Moments slots[kMostWarps * kChannels];
  const int64_t own = int64_t{blockIdx.x} * kChannels + threadIdx.x % kChannels;
  const int64_t channel = own < a.problem.c ? own : 0;  // beyond c the first one is read, but nothing is written
  Moments moments{};
#pragma unroll 1
  for (int64_t part = threadIdx.x / kChannels; part < parts; part += kRows)
    moments.merge({workspace.term(part, 0)[channel], workspace.term(part, 1)[channel], workspace.term(part, 2)[channel]});
  device::reduce_lanes<kWarp, kChannels>(moments);
  device::reduce_warps(moments, kChannels, kMostWarps, slots);
  if (threadIdx.x >= kChannels || own >= a.problem.c) return;
  const float variance = moments.squares / moments.count;
  const ScaleShift<1> y = scale_shift_from(a.x[channel], moments.mean, variance, eps, a.gamma[channel], a.beta[channel]);
  a.mean[channel] = y.centre.of[0];
  a.variance[channel] = variance;
  workspace.coefficient(0)[channel] = y.centre.of[0];
  workspace.coefficient(1)[channel] = y.scale.of[0];
  workspace.coefficient(2)[channel] = y.shift.of[0];
}

__global__ void __launch_bounds__(kBlock) batch_norm_combine_sums_kernel(Backward a, float eps, int64_t parts, SumsWorkspace workspace) {
  __shared__ Sums<2> slots[kMostWarps * kChannels];
  const int64_t own = int64_t{blockIdx.x} * kChannels + threadIdx.x % kChannels;
  const int64_t channel = own < a.problem.c ? own : 0;  // beyond c the first one is read, but nothing is written
  Sums<2> sums{};
#pragma unroll 1
  for (int64_t part = threadIdx.x / kChannels; part < parts; part += kRows)
    sums.merge({workspace.term(part, 0)[channel], workspace.term(part, 1)[channel]});
  device::reduce_lanes<kWarp, kChannels>(sums);
  device::reduce_warps(sums, kChannels, kMostWarps, slots);
  if (threadIdx.x >= kChannels || own >= a.problem.c) return;
  const ChannelGradient gradient = channel_gradient(a, eps, channel, sums);
  workspace.coefficient(0)[channel] = gradient.factor;
  workspace.coefficient(1)[channel] = gradient.slope;
  workspace.coefficient(2)[channel] = gradient.shift;
}

unsigned blocks(const Problem& problem) { return static_cast<unsigned>(device::ceil_div(problem.c, kChannels)); }

}  // namespace

void combine_moments(const ForwardTraining& a, int64_t parts, const MomentsWorkspace& workspace, device::Stream stream) {
  const auto eps = static_cast<float>(a.problem.eps);
  batch_norm_combine_moments_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a, eps, parts, workspace);
  CUDA_LAUNCHED(batch_norm_combine_moments_kernel);
}

void combine_sums(const Backward& a, int64_t parts, const SumsWorkspace& workspace, device::Stream stream) {
  const auto eps = static_cast<float>(a.problem.eps);
  batch_norm_combine_sums_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a, eps, parts, workspace);
  CUDA_LAUNCHED(batch_norm_combine_sums_kernel);
}

}  // namespace skewbench::batch_norm
