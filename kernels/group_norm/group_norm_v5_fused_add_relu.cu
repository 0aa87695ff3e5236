// Group norm with what stands beside it in a network: the addition of a residual and the ReLU, and their gradients.
//
// Idea       y leaves the block once, with the residual added and the ReLU applied; backward, the block masks dy as it comes in
//            and keeps the masked gradient in shared memory, where v4 needs passes over whole arrays in global memory
// Mapping    as v4: a block per sample and group, the group in shared memory, four channels an access
// Traffic    the minimum. Forward: x once, the residual once, y once (12 bytes an element with an addition, else 8); backward: x,
//            dy and y once, dx and dresidual once (20 with both, 16 with a ReLU alone, 12 without)
// Numerics   as v4, equal to the bit. A NaN passes the ReLU; its gradient is 0 where y is not above 0, so also where y is NaN
// Limits     k = c / groups a multiple of 4, all arrays 16-byte aligned; a group of at most 90 KiB (backward: x and g together).
//            y may be x or the residual. Where a group fits this beats every other rung; v3 is there for those that do not
#include "kernels/group_norm/group_norm_in_shared_memory.cuh"

namespace skewbench::group_norm::v5 {
namespace {

__global__ void __launch_bounds__(kMostThreads) group_norm_forward_v5_kernel(Forward a, Shape shape) {
  extern __shared__ float4 group[];  // x
  __shared__ StatisticsScratch scratch;
  const Place<4> at(shape, a.problem.groups, blockIdx.y, blockIdx.x);
  copy_group(group, a.x, shape, at);
  const float pivot = a.x[at.base];
  wait_for_copies();
  const Statistics statistics = statistics_of_slots(group, pivot, shape, at, scratch, [&](const Statistics& result) {
    a.mean[at.group] = result.centre;
    a.rstd[at.group] = result.rstd;
  });
  for (int64_t q = at.column; q < shape.packs; q += shape.columns) {
    const ScaleShift<4> normalise(statistics, a.gamma, a.beta, at.channel + q * 4);
    for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
      const int64_t i = at.offset(shape, p, q);
      Pack<4> y = normalise(in_slot(group, slot_of(shape, p, q)));
      if (a.residual) y = device::each([](float of_y, float of_r) { return of_y + of_r; }, y, device::load<4>(a.residual + i));
      if (a.problem.relu) y = device::each([](float of_y) { return of_y < 0 ? 0.0f : of_y; }, y);
      device::store(a.y + i, y);
    }
  }
}

// partial: [2, n, c], or null.
__global__ void __launch_bounds__(kMostThreads) group_norm_backward_v5_kernel(Backward a, Shape shape, float* partial) {
  extern __shared__ float4 group[];  // x, then dy, in whose place g is written
  __shared__ GradientScratch<4> scratch;
  float4* const group_g = group + shape.pixels * shape.packs;
  const Place<4> at(shape, a.problem.groups, blockIdx.y, blockIdx.x);
  copy_group(group, a.x, shape, at);
  copy_group(group_g, a.dy, shape, at);
  const float mean = a.mean[at.group], rstd = a.rstd[at.group];
  wait_for_copies();
  const auto load_masked = [&](int64_t p, int64_t q) {
    const int slot = slot_of(shape, p, q);
    const int64_t i = at.offset(shape, p, q);
    Element<4> element{in_slot(group, slot), in_slot(group_g, slot)};
    if (a.y) {
      element.g = device::each([](float g, float y) { return y > 0 ? g : 0.0f; }, element.g, device::load<4>(a.y + i));
      group_g[slot] = {element.g.of[0], element.g.of[1], element.g.of[2], element.g.of[3]};
    }
    if (a.dresidual) device::store(a.dresidual + i, element.g);
    return element;
  };
  const GradientMeans means = gradient_means(a, shape, at, mean, rstd, partial, scratch, load_masked);
  for (int64_t q = at.column; q < shape.packs; q += shape.columns) {
    const InputGradient<4> gradient(mean, rstd, means, a.gamma, at.channel + q * 4);
    for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
      const int slot = slot_of(shape, p, q);
      device::store(a.dx + at.offset(shape, p, q), gradient(in_slot(group, slot), in_slot(group_g, slot)));
    }
  }
}

}  // namespace

void forward(const Forward& arguments, void*, device::Stream stream) {
  const Forward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 4);
  allow_shared_memory(group_norm_forward_v5_kernel);
  group_norm_forward_v5_kernel<<<grid_of(a.problem, a.n), threads_for(shape), shared_bytes(shape, 1), stream>>>(a, shape);
  CUDA_LAUNCHED(group_norm_forward_v5_kernel);
}

void backward(const Backward& arguments, void* workspace, device::Stream stream) {
  const Backward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 4);
  float* const partial = a.dgamma ? static_cast<float*>(workspace) : nullptr;
  allow_shared_memory(group_norm_backward_v5_kernel);
  group_norm_backward_v5_kernel<<<grid_of(a.problem, a.n), threads_for(shape), shared_bytes(shape, 2), stream>>>(
      a, shape, partial);
  CUDA_LAUNCHED(group_norm_backward_v5_kernel);
  if (partial) sum_over_samples(a, partial, stream);
}

}  // namespace skewbench::group_norm::v5
