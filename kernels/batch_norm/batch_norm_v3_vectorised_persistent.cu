// Batch norm with 16-byte accesses and grids that stay.
//
// Idea       a thread moves four channels with one access and updates four means with one division; the grid is what a GPU holds at
//            once, so there are few parts to merge, and each strides over the rows
// Mapping    up to 864 blocks of 256 threads: columns of four channels (a power of two up to 8) by rows; eight columns are a line of
//            128 bytes, and a warp's access is four of them. As many parts of the rows as fill the grid, but at least 8 rows a thread
// Traffic    as v2: forward x twice and y once (12 bytes an element, the minimum is 8), inference 8; backward x and g twice, dx once
//            (20; the minimum is 12), with constant statistics in one pass (12: the minimum). The parts' sums are at most a 20th of x for
//            small problems and vanish for large ones. A residual, a ReLU and their gradients are passes of their own, as in v1
// Numerics   as v2, in another fixed order that depends on the problem alone
// Limits     c a multiple of 4, all arrays 16-byte aligned, y not the residual. Three launches, where v4 has one. Loses to v4 where a
//            channel's rows fit into shared memory and the network is small enough for launches to matter
#include "kernels/batch_norm/batch_norm_device.cuh"

namespace skewbench::batch_norm::v3 {
namespace {

constexpr int64_t kBlocks = 8 * 108;      // eight on each SM of an A100; on more SMs somewhat fewer each
constexpr int64_t kLeastRowsOfAThread = 8;  // or merging the parts would cost more than it spreads

// visit(offset) for this thread's packs
template <class Visit>
__device__ void for_rows(const Shape& shape, const Place<4>& at, Visit visit) {
  const int64_t step = int64_t{gridDim.y} * at.rows;
#pragma unroll 1
  for (int64_t r = int64_t{blockIdx.y} * at.rows + at.row; r < shape.rows; r += step) visit(at.offset(shape, r));
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_moments_v3_kernel(const float* x, Shape shape, MomentsWorkspace workspace) {
  __shared__ ChannelMoments<4> slots[kMostWarps * kMostColumns];
  const Place<4> at(shape);
  const Pack<4> pivot = device::load<4>(x + at.channel);
  ChannelMoments<4> moments{};
  for_rows(shape, at, [&](int64_t i) { moments.add(difference(device::load<4>(x + i), pivot)); });
  device::reduce_whole_block_classes<kMostColumns>(moments, shape.columns, slots);
  if (threadIdx.x < shape.columns && at.has_pack) hand_over(workspace, blockIdx.y, at.channel, moments);
}

// y = normalise(x) for the rows of this thread.
__device__ void normalise_rows(const float* x, float* y, const Shape& shape, const Place<4>& at, const ScaleShift<4>& normalise) {
  for_rows(shape, at, [&](int64_t i) { device::store(y + i, normalise(device::load<4>(x + i))); });
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_training_v3_kernel(ForwardTraining a, Shape shape, MomentsWorkspace workspace) {
  const Place<4> at(shape);
  normalise_rows(a.x, a.y, shape, at, combined<4>(workspace, at.channel));
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_inference_v3_kernel(ForwardInference a, Shape shape) {
  const Place<4> at(shape);
  normalise_rows(a.x, a.y, shape, at, scale_shift_given<4>(a, shape.eps, at.channel));
}

// g: the gradient behind the ReLU; it may lie in dx. With constant statistics also dx.
__global__ void __launch_bounds__(kBlock) batch_norm_backward_sums_v3_kernel(Backward a, Shape shape, const float* g, bool is_frozen,
                                                                            SumsWorkspace workspace) {
  __shared__ Sums<8> slots[kMostWarps * kMostColumns];
  const Place<4> at(shape);
  const Pack<4> mean = device::load<4>(a.mean + at.channel), factor = frozen_factor<4>(a, shape.eps, at.channel);
  Sums<8> sums{};
  for_rows(shape, at, [&](int64_t i) {
    const Pack<4> of_g = device::load<4>(g + i);
    add_gradient(sums, of_g, device::load<4>(a.x + i), mean);
    if (is_frozen) device::store(a.dx + i, product(factor, of_g));
  });
  device::reduce_whole_block_classes<kMostColumns>(sums, shape.columns, slots);
  if (threadIdx.x < shape.columns && at.has_pack) hand_over<4>(workspace, blockIdx.y, at.channel, sums);
}

__global__ void __launch_bounds__(kBlock) batch_norm_backward_v3_kernel(Backward a, Shape shape, const float* g, SumsWorkspace workspace) {
  const Place<4> at(shape);
  const InputGradient<4> gradient = combined<4>(workspace, a.mean, at.channel);
  for_rows(shape, at, [&](int64_t i) { device::store(a.dx + i, gradient(device::load<4>(a.x + i), device::load<4>(g + i))); });
}

void backward(const Backward& a, bool is_frozen, void* memory, device::Stream stream) {
  const Shape shape = shape_of(a.problem, a.rows, 4);
  const SumsWorkspace workspace(memory, parts(a.problem, a.rows), a.problem.c);
  const dim3 grid = grid_of(shape, parts(a.problem, a.rows));
  const float* const g = passed_gradient(a, stream);
  batch_norm_backward_sums_v3_kernel<<<grid, kBlock, 0, stream>>>(a, shape, g, is_frozen, workspace);
  CUDA_LAUNCHED(batch_norm_backward_sums_v3_kernel);
  combine_sums(a, parts(a.problem, a.rows), workspace, stream);
  if (is_frozen) return;
  batch_norm_backward_v3_kernel<<<grid, kBlock, 0, stream>>>(a, shape, g, workspace);
  CUDA_LAUNCHED(batch_norm_backward_v3_kernel);
}

}  // namespace

int64_t parts(const Problem& problem, int64_t rows) {
  const Shape shape = shape_of(problem, rows, 4);
  const int64_t wanted = device::ceil_div(rows, kLeastRowsOfAThread * rows_at_once(shape));
  return max(int64_t{1}, min(wanted, kBlocks / tiles(shape)));
}

void partial_moments(const ForwardTraining& a, const Shape& shape, int64_t parts, const MomentsWorkspace& workspace, device::Stream stream) {
  batch_norm_forward_moments_v3_kernel<<<grid_of(shape, parts), kBlock, 0, stream>>>(a.x, shape, workspace);
  CUDA_LAUNCHED(batch_norm_forward_moments_v3_kernel);
  combine_moments(a, parts, workspace, stream);
}

void forward_training(const ForwardTraining& a, void* memory, device::Stream stream) {
  const Shape shape = shape_of(a.problem, a.rows, 4);
  const int64_t count = parts(a.problem, a.rows);
  const MomentsWorkspace workspace(memory, count, a.problem.c);
  partial_moments(a, shape, count, workspace, stream);
  batch_norm_forward_training_v3_kernel<<<grid_of(shape, count), kBlock, 0, stream>>>(a, shape, workspace);
  CUDA_LAUNCHED(batch_norm_forward_training_v3_kernel);
  add_and_relu(a.rows * a.problem.c, a.y, a.residual, a.problem.relu, stream);
}

void forward_inference(const ForwardInference& a, void*, device::Stream stream) {
  const Shape shape = shape_of(a.problem, a.rows, 4);
  batch_norm_forward_inference_v3_kernel<<<grid_of(shape, parts(a.problem, a.rows)), kBlock, 0, stream>>>(a, shape);
  CUDA_LAUNCHED(batch_norm_forward_inference_v3_kernel);
  add_and_relu(a.rows * a.problem.c, a.y, a.residual, a.problem.relu, stream);
}

void backward_training(const Backward& a, void* memory, device::Stream stream) { backward(a, false, memory, stream); }
void backward_frozen(const Backward& a, void* memory, device::Stream stream) { backward(a, true, memory, stream); }

}  // namespace skewbench::batch_norm::v3
