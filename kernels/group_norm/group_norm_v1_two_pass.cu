// Group norm in the order of the reference: a block per sample and group.
//
// Idea       two passes: the mean, then the squares of the deviations from it; sums over the block by halving in shared memory
// Mapping    256 threads over a group's [pixels, k] elements, k = c / groups: rows of min(k, 256) threads, neighbours on
//            neighbouring channels, 256 / k pixels at once; what 256 / k leaves over idles. A warp covers runs of k floats that
//            are c floats apart: whole 32-byte sectors if k is a multiple of 8
// Traffic    forward: x three times and y once (16 bytes an element, the minimum is 8); backward: x and g twice, dx once (20,
//            the minimum is 12); from the second pass on, x comes from the second-level cache if the groups in flight fit there.
//            A residual, a ReLU and their gradients are passes of their own (group_norm_passes.cu), 8 to 12 bytes more each
// Numerics   float, relative to the group's first element; a sum has a thread's share of the elements in sequence, then 8
//            halvings: an error of some sqrt(size / 256) roundings. Deterministic
// Limits     any size with at most 65535 samples; y must not be the residual. Loses to v2 by
//            one reading of x and 16 barriers
#include "kernels/group_norm/group_norm_device.cuh"

namespace skewbench::group_norm::v1 {
namespace {

constexpr int kBlock = 256;

// The rows of threads over a group's elements. Not Place: columns need not be a power of two here.
struct Rows {
  int64_t k, channel, base;
  int columns, rows, column, row;  // row may be `rows`: such a thread has no elements
  __device__ explicit Rows(const Shape& shape)
      : k(shape.packs),
        channel(blockIdx.x * k),
        base(blockIdx.y * shape.pixels * shape.c + channel),
        columns(static_cast<int>(min(k, int64_t{kBlock}))),
        rows(kBlock / columns),
        column(threadIdx.x % columns),
        row(threadIdx.x / columns) {}
};

// visit(j) for the channels of this thread's column
template <class Visit>
__device__ void for_channels(const Rows& at, Visit visit) {
  int64_t j = at.column;
#pragma unroll 1
  do visit(j);
  while ((j += at.columns) < at.k);
}

// visit(offset) for the elements of this thread's row that have channel j of the group
template <class Visit>
__device__ void for_pixels(const Shape& shape, const Rows& at, int64_t j, Visit visit) {
#pragma unroll 1  // a loop that nvcc unrolls costs registers that sm_90 then lacks
  for (int64_t p = at.row; p < shape.pixels; p += at.rows) visit(at.base + p * shape.c + j);
}

// visit(offset) for all elements of this thread
template <class Visit>
__device__ void for_elements(const Shape& shape, const Rows& at, Visit visit) {
  if (at.row < at.rows) for_channels(at, [&](int64_t j) { for_pixels(shape, at, j, visit); });
}

// The sum over the block, in thread 0. `tree` has kBlock elements and is not used again.
template <class T>
__device__ T sum_over_block(const T& value, T* tree) {
  tree[threadIdx.x] = value;
#pragma unroll
  for (int half = kBlock / 2; half > 0; half /= 2) {
    __syncthreads();  // what lies below 2 * half is complete
    if (threadIdx.x < half) tree[threadIdx.x].merge(tree[threadIdx.x + half]);
  }
  return tree[threadIdx.x];
}

// value() of thread 0, in every thread. `shared` is not used again.
template <class T, class Value>
__device__ T from_thread_0(T* shared, Value value) {
  if (threadIdx.x == 0) *shared = value();
  __syncthreads();  // it is written
  return *shared;
}

__global__ void __launch_bounds__(kBlock) group_norm_forward_v1_kernel(Forward a, Shape shape) {
  __shared__ Sums<1> sums[kBlock], squares[kBlock];
  __shared__ float shared_mean;
  __shared__ Statistics shared_statistics;
  const Rows at(shape);
  const float pivot = a.x[at.base];
  const int64_t group = blockIdx.y * a.problem.groups + blockIdx.x;

  Sums<1> own{};
  for_elements(shape, at, [&](int64_t i) { own.of[0] += a.x[i] - pivot; });
  const Sums<1> sum = sum_over_block(own, sums);
  const float mean = from_thread_0(&shared_mean, [&] { return sum.of[0] / shape.size; });

  own = {};
  for_elements(shape, at, [&](int64_t i) {
    const float deviation = (a.x[i] - pivot) - mean;
    own.of[0] = fmaf(deviation, deviation, own.of[0]);
  });
  const Sums<1> square = sum_over_block(own, squares);
  const Statistics statistics = from_thread_0(&shared_statistics, [&] {
    const Statistics result = statistics_from(pivot, mean, square.of[0] / shape.size, shape.eps);
    a.mean[group] = result.centre;
    a.rstd[group] = result.rstd;
    return result;
  });

  if (at.row >= at.rows) return;
  for_channels(at, [&](int64_t j) {
    const ScaleShift<1> normalise(statistics, a.gamma, a.beta, at.channel + j);
    for_pixels(shape, at, j, [&](int64_t i) { a.y[i] = normalise({a.x[i]}).of[0]; });
  });
}

// Sums of g and of g * (x - mean) over the pixels of each channel of the group. The sums of channel j are complete in the
// thread of row 0 whose channel it is; visit(j, sums) is called there.
template <class Visit>
__device__ void for_channel_sums(const Backward& a, const Shape& shape, const Rows& at, const float* g, float mean, Sums<2>* tree,
                                 Visit visit) {
  int64_t first = 0;
#pragma unroll 1
  do {
    const int64_t j = first + at.column;
    Sums<2> own{};
    if (j < at.k) for_pixels(shape, at, j, [&](int64_t i) { own.merge({g[i], g[i] * (a.x[i] - mean)}); });
    // Several turns of this loop only with one row, where no thread reads what another wrote: no barrier between turns.
    tree[threadIdx.x] = own;
#pragma unroll
    for (int half = kBlock / 2; half > 0; half /= 2) {
      __syncthreads();  // the rows below 2 * half are complete
      if (at.row < half && at.row + half < at.rows) tree[threadIdx.x].merge(tree[threadIdx.x + half * at.columns]);
    }
    if (at.row == 0 && j < at.k) visit(j, tree[threadIdx.x]);
  } while ((first += at.columns) < at.k);
}

// g: the gradient behind the ReLU; it may lie in dx. partial: [2, n, c], or null.
__global__ void __launch_bounds__(kBlock) group_norm_backward_v1_kernel(Backward a, Shape shape, const float* g, float* partial) {
  __shared__ Sums<2> channels[kBlock], groups[kBlock];
  __shared__ GradientMeans shared_means;
  const Rows at(shape);
  const int64_t group = blockIdx.y * a.problem.groups + blockIdx.x, sample = blockIdx.y * shape.c;
  const float mean = a.mean[group], rstd = a.rstd[group];

  Sums<2> own{};  // of this thread's channels
  for_channel_sums(a, shape, at, g, mean, channels, [&](int64_t j, Sums<2> sums) {
    const int64_t channel = at.channel + j;
    sums.of[1] *= rstd;
    if (partial) {
      partial[sample + channel] = sums.of[0];
      partial[a.n * shape.c + sample + channel] = sums.of[1];
    }
    const float scale = a.gamma ? a.gamma[channel] : 1.0f;
    own.merge({scale * sums.of[0], scale * sums.of[1]});
  });
  const Sums<2> total = sum_over_block(own, groups);
  const GradientMeans means = from_thread_0(&shared_means, [&] { return GradientMeans{total.of[0] / shape.size, total.of[1] / shape.size}; });

  if (at.row >= at.rows) return;
  for_channels(at, [&](int64_t j) {
    const InputGradient<1> gradient(mean, rstd, means, a.gamma, at.channel + j);
    for_pixels(shape, at, j, [&](int64_t i) { a.dx[i] = gradient({a.x[i]}, {g[i]}).of[0]; });
  });
}

}  // namespace

void forward(const Forward& arguments, void*, device::Stream stream) {
  const Forward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 1);
  group_norm_forward_v1_kernel<<<grid_of(a.problem, a.n), kBlock, 0, stream>>>(a, shape);
  CUDA_LAUNCHED(group_norm_forward_v1_kernel);
  add_and_relu(a, stream);
}

void backward(const Backward& arguments, void* workspace, device::Stream stream) {
  const Backward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 1);
  const float* const g = passed_gradient(a, stream);
  float* const partial = a.dgamma ? static_cast<float*>(workspace) : nullptr;
  group_norm_backward_v1_kernel<<<grid_of(a.problem, a.n), kBlock, 0, stream>>>(a, shape, g, partial);
  CUDA_LAUNCHED(group_norm_backward_v1_kernel);
  if (partial) sum_over_samples(a, partial, stream);
}

}  // namespace skewbench::group_norm::v1
