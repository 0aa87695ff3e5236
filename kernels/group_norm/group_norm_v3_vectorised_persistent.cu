// Group norm with 16-byte accesses and a grid that stays.
//
// Idea       a thread moves four channels with one access and updates four means with one division; the grid is what a GPU holds
//            at once, and its blocks stride over samples and groups instead of being started for one each
// Mapping    864 blocks of up to 256 threads, columns of four channels (a power of two up to 32) by rows of pixels. With
//            k = c / groups = 8, a warp reads 16 runs of 32 bytes that are c floats apart: whole sectors, one line each
// Traffic    as v2: forward x twice and y once (12 bytes an element, the minimum is 8); backward x and g twice, dx once (20,
//            the minimum is 12). A residual, a ReLU and their gradients are passes of their own, as in v1
// Numerics   as v2, in another fixed order
// Limits     k a multiple of 4, all arrays 16-byte aligned, y not the residual. With fewer samples * groups than an SM count the
//            rest of the GPU idles. Loses to v4 by the second reading where a group fits into shared memory
#include "kernels/group_norm/group_norm_device.cuh"

namespace skewbench::group_norm::v3 {
namespace {

using device::Moments;

constexpr int64_t kBlocks = 8 * 108;  // eight on each SM of an A100; on more SMs somewhat fewer each

// Moments of four streams of numbers that advance together.
struct FourMoments {
  float count;
  Pack<4> mean, squares;
  __device__ void add(const Pack<4>& x, float pivot) {
    count += 1;
    const float share = 1.0f / count;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float value = x.of[i] - pivot, delta = value - mean.of[i];
      mean.of[i] = fmaf(delta, share, mean.of[i]);
      squares.of[i] = fmaf(delta, value - mean.of[i], squares.of[i]);
    }
  }
  // As moments of numbers that count four times each: the count is that of packs, the squares are averaged likewise.
  __device__ Moments all() const {
    const float centre = 0.25f * ((mean.of[0] + mean.of[1]) + (mean.of[2] + mean.of[3]));
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) sum += fmaf(count * (mean.of[i] - centre), mean.of[i] - centre, squares.of[i]);
    return {count, centre, 0.25f * sum};
  }
};

// item: number of a group, in [0, n * groups)
__device__ Place<4> place(const Shape& shape, const Problem& problem, unsigned item) {
  const auto groups = static_cast<unsigned>(problem.groups);
  const unsigned sample = item / groups;
  return {shape, groups, sample, item - sample * groups};
}

__global__ void __launch_bounds__(kMostThreads) group_norm_forward_v3_kernel(Forward a, Shape shape, unsigned items) {
  __shared__ Moments slots[kMostWarps];
  __shared__ Statistics shared;
  unsigned item = blockIdx.x;
  do {
    const Place<4> at = place(shape, a.problem, item);
    const float pivot = a.x[at.base];
    FourMoments four{};
    for (int64_t q = at.column; q < shape.packs; q += shape.columns)
      for (int64_t p = at.row; p < shape.pixels; p += at.rows) four.add(device::load<4>(a.x + at.offset(shape, p, q)), pivot);
    Moments moments = four.all();
    device::reduce_block(moments, slots);
    if (threadIdx.x == 0) {
      shared = statistics_from(pivot, moments.mean, moments.squares / moments.count, shape.eps);
      a.mean[at.group] = shared.centre;
      a.rstd[at.group] = shared.rstd;
    }
    __syncthreads();  // the statistics are there; they are read before the next item's first barrier, written behind it
    const Statistics statistics = shared;

    for (int64_t q = at.column; q < shape.packs; q += shape.columns) {
      const ScaleShift<4> normalise(statistics, a.gamma, a.beta, at.channel + q * 4);
      for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
        const int64_t i = at.offset(shape, p, q);
        device::store(a.y + i, normalise(device::load<4>(a.x + i)));
      }
    }
  } while ((item += gridDim.x) < items);
}

// g: the gradient behind the ReLU; it may lie in dx. partial: [2, n, c], or null.
__global__ void __launch_bounds__(kMostThreads) group_norm_backward_v3_kernel(Backward a, Shape shape, unsigned items,
                                                                             const float* g, float* partial) {
  __shared__ GradientScratch<4> scratch;
  unsigned item = blockIdx.x;
  do {
    const Place<4> at = place(shape, a.problem, item);
    const float mean = a.mean[at.group], rstd = a.rstd[at.group];
    const auto load = [&](int64_t p, int64_t q) {
      const int64_t i = at.offset(shape, p, q);
      return Element<4>{device::load<4>(a.x + i), device::load<4>(g + i)};
    };
    const GradientMeans means = gradient_means(a, shape, at, mean, rstd, partial, scratch, load);
    for (int64_t q = at.column; q < shape.packs; q += shape.columns) {
      const InputGradient<4> gradient(mean, rstd, means, a.gamma, at.channel + q * 4);
      for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
        const Element<4> element = load(p, q);
        device::store(a.dx + at.offset(shape, p, q), gradient(element.x, element.g));
      }
    }
  } while ((item += gridDim.x) < items);
}

unsigned blocks(int64_t items) { return static_cast<unsigned>(min(min(items, kBlocks), device::most_striding_blocks)); }

}  // namespace

void forward(const Forward& arguments, void*, device::Stream stream) {
  const Forward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 4);
  const auto items = static_cast<unsigned>(a.n * a.problem.groups);
  group_norm_forward_v3_kernel<<<blocks(items), threads_for(shape), 0, stream>>>(a, shape, items);
  CUDA_LAUNCHED(group_norm_forward_v3_kernel);
  add_and_relu(a, stream);
}

void backward(const Backward& arguments, void* workspace, device::Stream stream) {
  const Backward a = without_unused(arguments);
  const Shape shape = shape_of(a.problem, 4);
  const auto items = static_cast<unsigned>(a.n * a.problem.groups);
  const float* const g = passed_gradient(a, stream);
  float* const partial = a.dgamma ? static_cast<float*>(workspace) : nullptr;
  group_norm_backward_v3_kernel<<<blocks(items), threads_for(shape), 0, stream>>>(a, shape, items, g, partial);
  CUDA_LAUNCHED(group_norm_backward_v3_kernel);
  if (partial) sum_over_samples(a, partial, stream);
}

}  // namespace skewbench::group_norm::v3
