// Batch norm with rows split over blocks and one pass for the statistics.
//
// Idea       blocks share the rows of a channel: each gives the moments of its part, from Welford's update in one pass, merged by
//            Chan's formula within a warp by shuffles; a second kernel merges the parts in their order, a third uses the result
// Mapping    a block per 8 channels and 512 rows; 256 threads: columns of channels (a power of two up to 8) by rows. Eight
//            channels of a row are a sector of 32 bytes, so a warp's access is four whole sectors c floats apart
// Traffic    forward: x twice and y once (12 bytes an element, the minimum is 8); backward: x and g twice, dx once (20; the
//            minimum is 12), with constant statistics in one pass (12: the minimum). The parts' sums are at most a 40th of x where there are several. A residual, a
//            ReLU and their gradients are passes of their own, as in v1
// Numerics   float, relative to the first row; at most 512 / columns rows in sequence, then trees. Deterministic: the parts depend on the
//            problem alone
// Limits     rows up to 65535 * 512 (33 million); y must not be the residual. A division an element, as in group norm's v2. Loses to
//            v3 by four times as many loads and divisions, and by many small blocks whose sums have to be merged
#include "kernels/batch_norm/batch_norm_device.cuh"

namespace skewbench::batch_norm::v2 {
namespace {

// visit(offset) for this thread's elements
template <class Visit>
__device__ void for_rows(const Shape& shape, const Place<1>& at, Visit visit) {
  const int64_t begin = blockIdx.y * kRowsOfAPart, end = min(begin + kRowsOfAPart, shape.rows);
#pragma unroll 1
  for (int64_t r = begin + at.row; r < end; r += at.rows) visit(at.offset(shape, r));
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_moments_v2_kernel(ForwardTraining a, Shape shape, MomentsWorkspace workspace) {
  __shared__ ChannelMoments<1> slots[kMostWarps * kMostColumns];
  const Place<1> at(shape);
  const float pivot = a.x[at.channel];
  ChannelMoments<1> moments{};
  for_rows(shape, at, [&](int64_t i) { moments.add({a.x[i] - pivot}); });
  device::reduce_whole_block_classes<kMostColumns>(moments, shape.columns, slots);
  if (threadIdx.x < shape.columns && at.has_pack) hand_over(workspace, blockIdx.y, at.channel, moments);
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_v2_kernel(ForwardTraining a, Shape shape, MomentsWorkspace workspace) {
  const Place<1> at(shape);
  const ScaleShift<1> normalise = combined<1>(workspace, at.channel);
  for_rows(shape, at, [&](int64_t i) { a.y[i] = normalise({a.x[i]}).of[0]; });
}

// g: the gradient behind the ReLU; it may lie in dx. With constant statistics also dx.
__global__ void __launch_bounds__(kBlock) batch_norm_backward_sums_v2_kernel(Backward a, Shape shape, const float* g, bool is_frozen,
                                                                            SumsWorkspace workspace) {
  __shared__ Sums<2> slots[kMostWarps * kMostColumns];
  const Place<1> at(shape);
  const Pack<1> mean{a.mean[at.channel]}, factor = frozen_factor<1>(a, shape.eps, at.channel);
  Sums<2> sums{};
  for_rows(shape, at, [&](int64_t i) {
    const float of_g = g[i];
    add_gradient<1>(sums, {of_g}, {a.x[i]}, mean);
    if (is_frozen) a.dx[i] = factor.of[0] * of_g;
  });
  device::reduce_whole_block_classes<kMostColumns>(sums, shape.columns, slots);
  if (threadIdx.x < shape.columns && at.has_pack) hand_over<1>(workspace, blockIdx.y, at.channel, sums);
}

__global__ void __launch_bounds__(kBlock) batch_norm_backward_v2_kernel(Backward a, Shape shape, const float* g, SumsWorkspace workspace) {
  const Place<1> at(shape);
  const InputGradient<1> gradient = combined<1>(workspace, a.mean, at.channel);
  for_rows(shape, at, [&](int64_t i) { a.dx[i] = gradient({a.x[i]}, {g[i]}).of[0]; });
}

void backward(const Backward& a, bool is_frozen, void* memory, device::Stream stream) {
  const Shape shape = shape_of(a.problem, a.rows, 1);
  const SumsWorkspace workspace(memory, parts(a.problem, a.rows), a.problem.c);
  const dim3 grid = grid_of(shape, parts(a.problem, a.rows));
  const float* const g = passed_gradient(a, stream);
  batch_norm_backward_sums_v2_kernel<<<grid, kBlock, 0, stream>>>(a, shape, g, is_frozen, workspace);
  CUDA_LAUNCHED(batch_norm_backward_sums_v2_kernel);
  combine_sums(a, parts(a.problem, a.rows), workspace, stream);
  if (is_frozen) return;
  batch_norm_backward_v2_kernel<<<grid, kBlock, 0, stream>>>(a, shape, g, workspace);
  CUDA_LAUNCHED(batch_norm_backward_v2_kernel);
}

}  // namespace

void forward_training(const ForwardTraining& a, void* memory, device::Stream stream) {
  const Shape shape = shape_of(a.problem, a.rows, 1);
  const MomentsWorkspace workspace(memory, parts(a.problem, a.rows), a.problem.c);
  const dim3 grid = grid_of(shape, parts(a.problem, a.rows));
  batch_norm_forward_moments_v2_kernel<<<grid, kBlock, 0, stream>>>(a, shape, workspace);
  CUDA_LAUNCHED(batch_norm_forward_moments_v2_kernel);
  combine_moments(a, parts(a.problem, a.rows), workspace, stream);
  batch_norm_forward_v2_kernel<<<grid, kBlock, 0, stream>>>(a, shape, workspace);
  CUDA_LAUNCHED(batch_norm_forward_v2_kernel);
  add_and_relu(a.rows * a.problem.c, a.y, a.residual, a.problem.relu, stream);
}

void backward_training(const Backward& a, void* memory, device::Stream stream) { backward(a, false, memory, stream); }
void backward_frozen(const Backward& a, void* memory, device::Stream stream) { backward(a, true, memory, stream); }

}  // namespace skewbench::batch_norm::v2
