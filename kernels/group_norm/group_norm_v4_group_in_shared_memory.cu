// Group norm that reads x once.
//
// Idea       the whole group is copied into shared memory by cp.async, all of it in flight at once and without a register; then
//            two passes over it cost no traffic. A thread reads back only what it copied itself, so that the data needs no barrier
// Mapping    a block per sample and group; up to 256 threads, columns of four channels (a power of two up to 32) by rows of
//            pixels; in shared memory [pixels, k], where a warp's accesses are side by side and free of bank conflicts
// Traffic    forward: x once and y once (8 bytes an element: the minimum); backward: x and g once, dx once (12: the minimum).
//            A residual, a ReLU and their gradients are passes of their own, as in v1
// Numerics   two passes as v1: the mean, then the squares of the deviations from it, by threads, warps, and the block. Deterministic
// Limits     k = c / groups a multiple of 4, all arrays 16-byte aligned, y not the residual; a group of at most 90 KiB (backward:
//            x and g together). ResNet-20's largest group on 32x32 images with two groups is 32 KiB; 112x112x64 is far too large
#include "kernels/group_norm/group_norm_in_shared_memory.cuh"

namespace skewbench::group_norm::v4 {
namespace {

__global__ void __launch_bounds__(kMostThreads) group_norm_forward_v4_kernel(Forward a, Shape shape) {
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
    for (int64_t p = at.row; p < shape.pixels; p += at.rows)
      device::store(a.y + at.offset(shape, p, q), normalise(in_slot(group, slot_of(shape, p, q))));
  }
}

// g: the gradient behind the ReLU; it may lie in dx. partial: [2, n, c], or null.
__global__ void __launch_bounds__(kMostThreads) group_norm_backward_v4_kernel(Backward a, Shape shape, const float* g,
                                                                             float* partial) {
  extern __shared__ float4 group[];  // x, then g
  __shared__ GradientScratch<4> scratch;
  float4* const group_g = group + shape.pixels * shape.packs;
  const Place<4> at(shape, a.problem.groups, blockIdx.y, blockIdx.x);
  copy_group(group, a.x, shape, at);
  copy_group(group_g, g, shape, at);
  const float mean = a.mean[at.group], rstd = a.rstd[at.group];
  wait_for_copies();
  const auto load = [&](int64_t p, int64_t q) {
    const int slot = slot_of(shape, p, q);
    return Element<4>{in_slot(group, slot), in_slot(group_g, slot)};
  };
  const GradientMeans means = gradient_means(a, shape, at, mean, rstd, partial, scratch, load);
  for (int64_t q = at.column; q < shape.packs; q += shape.columns) {
    const InputGradient<4> gradient(mean, rstd, means, a.gamma, at.channel + q * 4);
    for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
      const Element<4> element = load(p, q);
      device::store(a.dx + at.offset(shape, p, q), gradient(element.x, element.g));
    }
  }
}

}  // namespace

void forward(const Forward& arguments, void*, device::Stream stream) {
  const Forward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 4);
  allow_shared_memory(group_norm_forward_v4_kernel);
  group_norm_forward_v4_kernel<<<grid_of(a.problem, a.n), threads_for(shape), shared_bytes(shape, 1), stream>>>(a, shape);
  CUDA_LAUNCHED(group_norm_forward_v4_kernel);
  add_and_relu(a, stream);
}

void backward(const Backward& arguments, void* workspace, device::Stream stream) {
  const Backward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 4);
  const float* const g = passed_gradient(a, stream);
  float* const partial = a.dgamma ? static_cast<float*>(workspace) : nullptr;
  allow_shared_memory(group_norm_backward_v4_kernel);
  group_norm_backward_v4_kernel<<<grid_of(a.problem, a.n), threads_for(shape), shared_bytes(shape, 2), stream>>>(
      a, shape, g, partial);
  CUDA_LAUNCHED(group_norm_backward_v4_kernel);
  if (partial) sum_over_samples(a, partial, stream);
}

}  // namespace skewbench::group_norm::v4
