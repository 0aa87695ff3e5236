// What the group norm kernels share on the device: where a thread lies in a group, and what follows from a group's sums.
#pragma once

#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/base/pack.cuh"
#include "kernels/base/reduce.cuh"
#include "kernels/group_norm/group_norm_cuda.h"

namespace skewbench::group_norm {

using device::kMostWarps;
using device::kWarp;
using device::Pack;
using device::Sums;

inline constexpr int kMostThreads = kMostWarps * kWarp;  // of a block: eight such blocks fill an SM, and one may wait at a barrier

/// With null for what the problem's flags say is not there: kernels look at the pointers.
inline Forward without_unused(Forward a) {
  if (!a.problem.affine) a.gamma = a.beta = nullptr;
  if (!a.problem.add) a.residual = nullptr;
  return a;
}
inline Backward without_unused(Backward a) {
  if (!a.problem.affine) a.gamma = nullptr, a.dgamma = a.dbeta = nullptr;
  if (!a.problem.relu) a.y = nullptr;
  if (!a.problem.add) a.dresidual = nullptr;
  return a;
}

/// Sizes, and how threads lie over the k = c / groups channels of a group's pixels. The channels are taken in packs of N, and
/// `columns` threads lie side by side over the packs: a power of two up to 32, so that shuffles can reduce over the pixels, which
/// the other threads lie over. NHWC has a group's k channels of a pixel side by side, and those of the next pixel c floats
/// on: a warp's access covers 32 / columns such runs. From k = 8 on they are whole sectors of 32 bytes, so nothing is moved that is
/// not used; below that, the blocks of the neighbouring groups find the rest of the sector in the second-level cache.
struct Shape {
  int64_t pixels, c, packs;  // packs of a group in one pixel
  int columns, log2_columns;
  float eps, size;  // size: elements of a group
};

inline Shape shape_of(const Problem& problem, int n) {
  const int64_t k = problem.c / problem.groups;
  Shape shape{problem.pixels, problem.c, k / n, 1, 0, problem.eps, static_cast<float>(problem.pixels * k)};
  while (shape.columns < kWarp && shape.columns < shape.packs) shape.columns *= 2, ++shape.log2_columns;
  return shape;
}

/// A block per group of a sample.
inline dim3 grid_of(const Problem& problem, int64_t n) { return {static_cast<unsigned>(problem.groups), static_cast<unsigned>(n)}; }

/// Threads of a block for a group of this shape: whole warps, no more than have something to do.
inline int threads_for(const Shape& shape) {
  if (shape.pixels >= kMostThreads / shape.columns) return kMostThreads;
  return static_cast<int>(device::ceil_div(shape.pixels * shape.columns, kWarp)) * kWarp;
}

/// A thread's place in a group. Its packs are those at
///   for (int64_t q = at.column; q < shape.packs; q += shape.columns)      one turn while k <= 32 N
///     for (int64_t p = at.row; p < shape.pixels; p += at.rows)
///       at.offset(shape, p, q)
/// A thread with column >= packs or row >= pixels has none; it only takes part in reductions.
template <int N>
struct Place {
  int64_t group, channel, base;  // number in [0, n * groups), first channel in [0, c), offset of the first element
  int64_t channel_of_sample;     // offset of the first channel in [n, c]
  int column, row, rows;         // column in [0, shape.columns), row in [0, rows)
  __device__ Place(const Shape& shape, int64_t groups, int64_t sample, int64_t g)
      : group(sample * groups + g),
        channel(g * shape.packs * N),
        base(sample * shape.pixels * shape.c + channel),
        channel_of_sample(sample * shape.c + channel),
        column(threadIdx.x & (shape.columns - 1)),
        row(threadIdx.x >> shape.log2_columns),
        rows(blockDim.x >> shape.log2_columns) {}
  __device__ int64_t offset(const Shape& shape, int64_t p, int64_t q) const { return base + p * shape.c + q * N; }
};

template <int N>
__device__ inline Pack<N> pack_of(float value) {
  Pack<N> result;
#pragma unroll
  for (int i = 0; i < N; ++i) result.of[i] = value;
  return result;
}

/// Statistics of a group. The mean is kept as centre + low, because a float alone holds a mean of 1e4 to 5e-4 only.
struct Statistics {
  float centre, low, rstd;
};

/// From moments of x - pivot. All versions take the group's first element for the pivot: it is some standard deviations from
/// the mean (Samuelson: at most the root of the group's size), so that differences from it keep their precision whatever the mean.
__device__ inline Statistics statistics_from(float pivot, float mean, float variance, float eps) {
  const float centre = pivot + mean;
  return {centre, mean - (centre - pivot), 1.0f / sqrtf(variance + eps)};
}

/// y = (x - centre) * scale + shift for N channels from `channel` on; gamma is null where there are no parameters.
template <int N>
struct ScaleShift {
  float centre;
  Pack<N> scale, shift;
  __device__ ScaleShift(const Statistics& of, const float* gamma, const float* beta, int64_t channel)
      : centre(of.centre), scale(pack_of<N>(1)), shift(pack_of<N>(0)) {
    if (gamma) scale = device::load<N>(gamma + channel), shift = device::load<N>(beta + channel);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      scale.of[i] *= of.rstd;
      shift.of[i] = fmaf(-of.low, scale.of[i], shift.of[i]);
    }
  }
  __device__ Pack<N> operator()(const Pack<N>& x) const {
    Pack<N> y;
#pragma unroll
    for (int i = 0; i < N; ++i) y.of[i] = fmaf(x.of[i] - centre, scale.of[i], shift.of[i]);
    return y;
  }
};

/// Sums over a group's elements of gamma * g and of gamma * g * (x - mean) * rstd, each divided by their number.
struct GradientMeans {
  float g, gx;
};

/// dx = rstd * (gamma * g - means.g - xhat * means.gx) = g * factor - ((x - mean) * slope + shift)
template <int N>
struct InputGradient {
  float mean, slope, shift;
  Pack<N> factor;
  __device__ InputGradient(float mean_, float rstd, const GradientMeans& means, const float* gamma, int64_t channel)
      : mean(mean_), slope(rstd * rstd * means.gx), shift(rstd * means.g), factor(pack_of<N>(1)) {
    if (gamma) factor = device::load<N>(gamma + channel);
#pragma unroll
    for (int i = 0; i < N; ++i) factor.of[i] *= rstd;
  }
  __device__ Pack<N> operator()(const Pack<N>& x, const Pack<N>& g) const {
    Pack<N> dx;
#pragma unroll
    for (int i = 0; i < N; ++i) dx.of[i] = fmaf(g.of[i], factor.of[i], -fmaf(x.of[i] - mean, slope, shift));
    return dx;
  }
};

/// x and g of a pack.
template <int N>
struct Element {
  Pack<N> x, g;
};

/// Shared memory of gradient_means().
template <int N>
struct GradientScratch {
  Sums<2 * N> slots[kMostThreads];
  GradientMeans means;
};

/// What the complete sums over the pixels of a pack's g and g * (x - mean) add to those of the group. With partial [2, n, c],
/// stores them for sum_over_samples(). q: number of the pack in the group.
template <int N>
__device__ inline Sums<2> finish_channels(const Backward& a, const Place<N>& at, int64_t q, const Sums<2 * N>& sums, float rstd,
                                          float* partial) {
  Sums<2> group{};
  const Pack<N> scale = a.gamma ? device::load<N>(a.gamma + at.channel + q * N) : pack_of<N>(1);
  Pack<N> g, gx;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    g.of[i] = sums.of[i];
    gx.of[i] = sums.of[N + i] * rstd;
    group.merge({scale.of[i] * g.of[i], scale.of[i] * gx.of[i]});
  }
  if (partial) {
    float* const to = partial + at.channel_of_sample + q * N;
    device::store(to, g);
    device::store(to + a.n * a.problem.c, gx);
  }
  return group;
}

/// The means of a group's gradients in every thread. load(p, q) gives the Element of pixel p and pack q; it is asked once for
/// each. Columns of threads sum over the pixels, `columns` packs at a time, then the columns are summed.
template <int N, class Load>
__device__ inline GradientMeans gradient_means(const Backward& a, const Shape& shape, const Place<N>& at, float mean, float rstd,
                                               float* partial, GradientScratch<N>& scratch, Load load) {
  Sums<2> group{};
  int64_t first = 0;
#pragma unroll 1
  do {
    const int64_t q = first + at.column;
    Sums<2 * N> sums{};
    if (q < shape.packs)
#pragma unroll 1
      for (int64_t p = at.row; p < shape.pixels; p += at.rows) {
        const Element<N> element = load(p, q);
#pragma unroll
        for (int i = 0; i < N; ++i) {
          sums.of[i] += element.g.of[i];
          sums.of[N + i] = fmaf(element.g.of[i], element.x.of[i] - mean, sums.of[N + i]);
        }
      }
    device::reduce_block_classes(sums, shape.columns, scratch.slots);
    if (threadIdx.x < shape.columns && q < shape.packs) group.merge(finish_channels(a, at, q, sums, rstd, partial));
    __syncthreads();  // the slots are read, before the next packs' sums are written there
  } while ((first += shape.columns) < shape.packs);
  if (threadIdx.x < kWarp) device::reduce_lanes(group);  // the columns are in the first warp; zeros in the rest of it
  if (threadIdx.x == 0) scratch.means = {group.of[0] / shape.size, group.of[1] / shape.size};
  __syncthreads();  // the means are there
  return scratch.means;
}

}  // namespace skewbench::group_norm
