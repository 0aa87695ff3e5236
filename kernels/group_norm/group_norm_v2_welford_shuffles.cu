// Group norm with one pass for the statistics.
//
// Idea       Welford's update gives mean and squares in one pass; moments of threads are merged by Chan's formula, within a warp
//            by shuffles, so that x is read once less than in v1 and a reduction takes two barriers instead of nine
// Mapping    a block per sample and group; up to 256 threads, columns of the channels (a power of two up to 32) by rows of
//            pixels. A warp reads runs of k floats that are c floats apart, as v1; c / groups that are no power of two leave
//            lanes idle (3 channels: one of four)
// Traffic    forward: x twice and y once (12 bytes an element, the minimum is 8); backward: x and g twice, dx once (20, the
//            minimum is 12). A residual, a ReLU and their gradients are passes of their own, as in v1
// Numerics   float, relative to the group's first element. A thread's mean is corrected at every element and never a
//            difference of large sums; merging is a tree. Deterministic
// Limits     any size with at most 65535 samples; y must not be the residual. A division an element, one after the other:
//            about 40 cycles that only other warps hide. Loses to v3 by four times as many loads and divisions
#include "kernels/group_norm/group_norm_device.cuh"

namespace skewbench::group_norm::v2 {
namespace {

using device::Moments;

__global__ void __launch_bounds__(kMostThreads) group_norm_forward_v2_kernel(Forward a, Shape shape) {
  __shared__ Moments slots[kMostWarps];
  __shared__ Statistics shared;
  const Place<1> at(shape, a.problem.groups, blockIdx.y, blockIdx.x);
  const float pivot = a.x[at.base];

  Moments moments{};
  for (int64_t q = at.column; q < shape.packs; q += shape.columns)
    for (int64_t p = at.row; p < shape.pixels; p += at.rows) moments.add(a.x[at.offset(shape, p, q)] - pivot);
  device::reduce_block(moments, slots);
  if (threadIdx.x == 0) {
    shared = statistics_from(pivot, moments.mean, moments.squares / moments.count, shape.eps);
    a.mean[at.group] = shared.centre;
    a.rstd[at.group] = shared.rstd;
  }
  __syncthreads();  // the statistics are there
  const Statistics statistics = shared;

  for (int64_t q = at.column; q < shape.packs; q += shape.columns) {
    const ScaleShift<1> normalise(statistics, a.gamma, a.beta, at.channel + q);
    for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
      const int64_t i = at.offset(shape, p, q);
      a.y[i] = normalise({a.x[i]}).of[0];
    }
  }
}

// g: the gradient behind the ReLU; it may lie in dx. partial: [2, n, c], or null.
__global__ void __launch_bounds__(kMostThreads) group_norm_backward_v2_kernel(Backward a, Shape shape, const float* g,
                                                                             float* partial) {
  __shared__ GradientScratch<1> scratch;
  const Place<1> at(shape, a.problem.groups, blockIdx.y, blockIdx.x);
  const float mean = a.mean[at.group], rstd = a.rstd[at.group];
  const GradientMeans means = gradient_means(a, shape, at, mean, rstd, partial, scratch, [&](int64_t p, int64_t q) {
    const int64_t i = at.offset(shape, p, q);
    return Element<1>{{a.x[i]}, {g[i]}};
  });

  for (int64_t q = at.column; q < shape.packs; q += shape.columns) {
    const InputGradient<1> gradient(mean, rstd, means, a.gamma, at.channel + q);
    for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
      const int64_t i = at.offset(shape, p, q);
      a.dx[i] = gradient({a.x[i]}, {g[i]}).of[0];
    }
  }
}

}  // namespace

void forward(const Forward& arguments, void*, device::Stream stream) {
  const Forward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 1);
  group_norm_forward_v2_kernel<<<grid_of(a.problem, a.n), threads_for(shape), 0, stream>>>(a, shape);
  CUDA_LAUNCHED(group_norm_forward_v2_kernel);
  add_and_relu(a, stream);
}

void backward(const Backward& arguments, void* workspace, device::Stream stream) {
  const Backward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 1);
  const float* const g = passed_gradient(a, stream);
  float* const partial = a.dgamma ? static_cast<float*>(workspace) : nullptr;
  group_norm_backward_v2_kernel<<<grid_of(a.problem, a.n), threads_for(shape), 0, stream>>>(a, shape, g, partial);
  CUDA_LAUNCHED(group_norm_backward_v2_kernel);
  if (partial) sum_over_samples(a, partial, stream);
}

}  // namespace skewbench::group_norm::v2
