// Batch norm with what stands beside it in a network: the addition of a residual and the ReLU, and their gradients.
//
// Idea       y is written once, with the residual added and the ReLU applied; backward, both passes over dy mask it as they read it,
//            where v3 needs passes over whole arrays in between
// Mapping    as v3, whose kernel for the moments this version uses as it is
// Traffic    forward: x twice, the residual once, y once (16 bytes an element with an addition, else 12; the minimum is 12 and 8),
//            inference the minimum; backward: x, dy and y twice, dx and dresidual once (32 with both, 28 with a ReLU alone, 20
//            without; the minimum is 20, 16, 12), with constant statistics in one pass: the minimum
// Numerics   as v3, equal to the bit. A NaN passes the ReLU; its gradient is 0 where y is not above 0, so also where y is NaN
// Limits     c a multiple of 4, all arrays 16-byte aligned; y may be x or the residual. v4 reads x once, but needs a pass more for an
//            addition or a ReLU: 16 bytes an element with a ReLU alone, where this version moves 12, and v4 limits the rows
#include "kernels/batch_norm/batch_norm_device.cuh"

namespace skewbench::batch_norm::v5 {
namespace {

// visit(offset) for this thread's packs
template <class Visit>
__device__ void for_rows(const Shape& shape, const Place<4>& at, Visit visit) {
  const int64_t step = int64_t{gridDim.y} * at.rows;
#pragma unroll 1
  for (int64_t r = int64_t{blockIdx.y} * at.rows + at.row; r < shape.rows; r += step) visit(at.offset(shape, r));
}

// y = [relu](normalise(x) [+ residual]) for the rows of this thread. `a` is of either forward direction.
template <class Forward>
__device__ void normalise_rows(const Forward& a, const Shape& shape, const Place<4>& at, const ScaleShift<4>& normalise) {
  for_rows(shape, at, [&](int64_t i) {
    Pack<4> y = normalise(device::load<4>(a.x + i));
    if (a.residual) y = device::each([](float of_y, float of_r) { return of_y + of_r; }, y, device::load<4>(a.residual + i));
    if (a.problem.relu) y = device::each([](float of_y) { return of_y < 0 ? 0.0f : of_y; }, y);
    device::store(a.y + i, y);
  });
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_training_v5_kernel(ForwardTraining a, Shape shape, MomentsWorkspace workspace) {
  const Place<4> at(shape);
  normalise_rows(a, shape, at, combined<4>(workspace, at.channel));
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_inference_v5_kernel(ForwardInference a, Shape shape) {
  const Place<4> at(shape);
  normalise_rows(a, shape, at, scale_shift_given<4>(a, shape.eps, at.channel));
}

// The gradient that the ReLU lets through; dy itself without one.
__device__ Pack<4> passed(const Backward& a, int64_t i) {
  const Pack<4> dy = device::load<4>(a.dy + i);
  if (!a.problem.relu) return dy;
  return device::each([](float g, float y) { return y > 0 ? g : 0.0f; }, dy, device::load<4>(a.y + i));
}

// With constant statistics also dx and dresidual.
__global__ void __launch_bounds__(kBlock) batch_norm_backward_sums_v5_kernel(Backward a, Shape shape, bool is_frozen,
                                                                            SumsWorkspace workspace) {
  __shared__ Sums<8> slots[kMostWarps * kMostColumns];
  const Place<4> at(shape);
  const Pack<4> mean = device::load<4>(a.mean + at.channel), factor = frozen_factor<4>(a, shape.eps, at.channel);
  Sums<8> sums{};
  for_rows(shape, at, [&](int64_t i) {
    const Pack<4> g = passed(a, i);
    add_gradient(sums, g, device::load<4>(a.x + i), mean);
    if (!is_frozen) return;
    if (a.dresidual) device::store(a.dresidual + i, g);
    device::store(a.dx + i, product(factor, g));
  });
  device::reduce_whole_block_classes<kMostColumns>(sums, shape.columns, slots);
  if (threadIdx.x < shape.columns && at.has_pack) hand_over<4>(workspace, blockIdx.y, at.channel, sums);
}

__global__ void __launch_bounds__(kBlock) batch_norm_backward_v5_kernel(Backward a, Shape shape, SumsWorkspace workspace) {
  const Place<4> at(shape);
  const InputGradient<4> gradient = combined<4>(workspace, a.mean, at.channel);
  for_rows(shape, at, [&](int64_t i) {
    const Pack<4> g = passed(a, i);
    if (a.dresidual) device::store(a.dresidual + i, g);
    device::store(a.dx + i, gradient(device::load<4>(a.x + i), g));
  });
}

void backward(const Backward& a, bool is_frozen, void* memory, device::Stream stream) {
  const Shape shape = shape_of(a.problem, a.rows, 4);
  const int64_t parts = v3::parts(a.problem, a.rows);
  const SumsWorkspace workspace(memory, parts, a.problem.c);
  batch_norm_backward_sums_v5_kernel<<<grid_of(shape, parts), kBlock, 0, stream>>>(a, shape, is_frozen, workspace);
  CUDA_LAUNCHED(batch_norm_backward_sums_v5_kernel);
  combine_sums(a, parts, workspace, stream);
  if (is_frozen) return;
  batch_norm_backward_v5_kernel<<<grid_of(shape, parts), kBlock, 0, stream>>>(a, shape, workspace);
  CUDA_LAUNCHED(batch_norm_backward_v5_kernel);
}

}  // namespace

void forward_training(const ForwardTraining& a, void* memory, device::Stream stream) {
  const Shape shape = shape_of(a.problem, a.rows, 4);
  const int64_t parts = v3::parts(a.problem, a.rows);
  const MomentsWorkspace workspace(memory, parts, a.problem.c);
  v3::partial_moments(a, shape, parts, workspace, stream);
  batch_norm_forward_training_v5_kernel<<<grid_of(shape, parts), kBlock, 0, stream>>>(a, shape, workspace);
  CUDA_LAUNCHED(batch_norm_forward_training_v5_kernel);
}

void forward_inference(const ForwardInference& a, void*, device::Stream stream) {
  const Shape shape = shape_of(a.problem, a.rows, 4);
  batch_norm_forward_inference_v5_kernel<<<grid_of(shape, v3::parts(a.problem, a.rows)), kBlock, 0, stream>>>(a, shape);
  CUDA_LAUNCHED(batch_norm_forward_inference_v5_kernel);
}

void backward_training(const Backward& a, void* memory, device::Stream stream) { backward(a, false, memory, stream); }
void backward_frozen(const Backward& a, void* memory, device::Stream stream) { backward(a, true, memory, stream); }

}  // namespace skewbench::batch_norm::v5
