// What the batch norm kernels share on the device: where a thread lies in [rows, c], what follows from a channel's sums, and the
// scratch memory between kernels.
#pragma once

#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/base/pack.cuh"
#include "kernels/base/reduce.cuh"
#include "kernels/batch_norm/batch_norm_cuda.h"

namespace skewbench::batch_norm {

using device::kMostWarps;
using device::kWarp;
using device::Pack;
using device::Sums;

inline constexpr int kBlock = kMostWarps * kWarp;  // threads; eight such blocks fill an SM, and one may wait at a barrier
inline constexpr int kMostColumns = 8;             // threads side by side: eight packs of four floats are a line of 128 bytes

/// How threads lie over [rows, c], whose channels are taken in packs of N: `columns` threads side by side, a power of two up
/// to 8, so that shuffles can reduce over the rows, which the others lie over. A block has one column of packs, `tile` =
/// blockIdx.x, and of `parts` such blocks each takes its share of the rows, `part` = blockIdx.y.
struct Shape {
  int64_t rows, c, packs;
  int columns, log2_columns;
  float eps;
};

inline Shape shape_of(const Problem& problem, int64_t rows, int n) {
  Shape shape{rows, problem.c, device::ceil_div(problem.c, n), 1, 0, static_cast<float>(problem.eps)};
  while (shape.columns < kMostColumns && shape.columns < shape.packs) shape.columns *= 2, ++shape.log2_columns;
  return shape;
}
inline int64_t tiles(const Shape& shape) { return device::ceil_div(shape.packs, shape.columns); }
inline int64_t rows_at_once(const Shape& shape) { return kBlock / shape.columns; }
inline dim3 grid_of(const Shape& shape, int64_t parts) { return {static_cast<unsigned>(tiles(shape)), static_cast<unsigned>(parts)}; }

/// A thread's pack and first row among those of its block. Columns beyond c have no rows; they know the first pack's channels.
template <int N>
struct Place {
  bool has_pack;
  int64_t channel, row;  // the first of N channels; row in [0, rows), or behind all rows
  int rows;
  __device__ explicit Place(const Shape& shape) : rows(kBlock >> shape.log2_columns) {
    const int64_t pack = int64_t{blockIdx.x} * shape.columns + (threadIdx.x & (shape.columns - 1));
    has_pack = pack < shape.packs;
    channel = has_pack ? pack * N : 0;
    row = has_pack ? threadIdx.x >> shape.log2_columns : shape.rows;
  }
  __device__ int64_t offset(const Shape& shape, int64_t row_of_x) const { return row_of_x * shape.c + channel; }
};

/// Count, means and sums of squared deviations of N channels that advance together: device::Moments with one division for all.
template <int N>
struct ChannelMoments {
  float count;
  Pack<N> mean, squares;
  __device__ void add(const Pack<N>& value) {
    count += 1;
    const float share = 1.0f / count;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const float delta = value.of[i] - mean.of[i];
      mean.of[i] = fmaf(delta, share, mean.of[i]);
      squares.of[i] = fmaf(delta, value.of[i] - mean.of[i], squares.of[i]);
    }
  }
  __device__ void merge(const ChannelMoments& other) {
    if (other.count == 0) return;  // nothing to add; and two empty ones would divide by zero
    const float before = count;
    count += other.count;
    const float share = other.count / count;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const float delta = other.mean.of[i] - mean.of[i];
      mean.of[i] = fmaf(delta, share, mean.of[i]);
      squares.of[i] += fmaf(delta * delta, before * share, other.squares.of[i]);
    }
  }
  __device__ ChannelMoments down(int offset) const {
    ChannelMoments result{device::lane_above(count, offset), {}, {}};
#pragma unroll
    for (int i = 0; i < N; ++i) {
      result.mean.of[i] = device::lane_above(mean.of[i], offset);
      result.squares.of[i] = device::lane_above(squares.of[i], offset);
    }
    return result;
  }
};

/// y = (x - centre) * scale + shift. A batch's mean is centre + low, because a float alone holds a mean of 1e4 to 5e-4 only;
/// what the low part does is in shift.
template <int N>
struct ScaleShift {
  Pack<N> centre, scale, shift;
  __device__ Pack<N> operator()(const Pack<N>& x) const {
    Pack<N> y;
#pragma unroll
    for (int i = 0; i < N; ++i) y.of[i] = fmaf(x.of[i] - centre.of[i], scale.of[i], shift.of[i]);
    return y;
  }
};

/// From one channel's moments of x - pivot. All versions take the first row for the pivot: it is some standard deviations from
/// the mean (Samuelson: at most the root of the rows), so that differences from it keep their precision whatever the mean.
__device__ inline ScaleShift<1> scale_shift_from(float pivot, float mean, float variance, float eps, float gamma, float beta) {
  const float centre = pivot + mean, low = mean - (centre - pivot), scale = gamma / sqrtf(variance + eps);
  return {{centre}, {scale}, {fmaf(-low, scale, beta)}};
}

/// From statistics that are given.
template <int N>
__device__ inline ScaleShift<N> scale_shift_given(const ForwardInference& a, float eps, int64_t channel) {
  const Pack<N> gamma = device::load<N>(a.gamma + channel), variance = device::load<N>(a.variance + channel);
  return {device::load<N>(a.mean + channel),
          device::each([eps](float of_gamma, float of_variance) { return of_gamma / sqrtf(of_variance + eps); }, gamma, variance),
          device::load<N>(a.beta + channel)};
}

/// dx = factor * g - ((x - mean) * slope + shift): with d = x - mean, gamma * rstd * (g - mean(g) - d * rstd^2 * mean(g * d)).
/// Statistics that are constants have neither slope nor shift.
template <int N>
struct InputGradient {
  Pack<N> mean, factor, slope, shift;
  __device__ Pack<N> operator()(const Pack<N>& x, const Pack<N>& g) const {
    Pack<N> dx;
#pragma unroll
    for (int i = 0; i < N; ++i) dx.of[i] = fmaf(g.of[i], factor.of[i], -fmaf(x.of[i] - mean.of[i], slope.of[i], shift.of[i]));
    return dx;
  }
};

/// factor, slope and shift of one channel from its sums of g and of g * (x - mean), which also give dbeta and dgamma.
struct ChannelGradient {
  float factor, slope, shift;
};
__device__ inline ChannelGradient channel_gradient(const Backward& a, float eps, int64_t channel, const Sums<2>& sums) {
  const float rstd = 1.0f / sqrtf(a.variance[channel] + eps), factor = a.gamma[channel] * rstd, rows = static_cast<float>(a.rows);
  a.dbeta[channel] = (a.accumulate ? a.dbeta[channel] : 0.0f) + sums.of[0];
  a.dgamma[channel] = (a.accumulate ? a.dgamma[channel] : 0.0f) + sums.of[1] * rstd;
  return {factor, factor * rstd * rstd * (sums.of[1] / rows), factor * (sums.of[0] / rows)};
}

/// Scratch memory of the versions whose rows are split over blocks: what the parts hand over, [parts, kTerms, c], and what follows
/// from all of them per channel, [3, c].
template <int kTerms>
struct Workspace {
  float* terms;
  float* coefficients;
  int64_t c;
  Workspace(void* memory, int64_t parts, int64_t c_)
      : terms(static_cast<float*>(memory)), coefficients(terms + parts * kTerms * c_), c(c_) {}
  __device__ float* term(int64_t part, int which) const { return terms + (part * kTerms + which) * c; }
  __device__ float* coefficient(int which) const { return coefficients + which * c; }
};
using MomentsWorkspace = Workspace<3>;  // count, mean - pivot, squares; then centre, scale, shift
using SumsWorkspace = Workspace<2>;     // g, g * (x - mean); then factor, slope, shift

/// What a part hands over about N channels from `channel` on.
template <int N>
__device__ inline void hand_over(const MomentsWorkspace& workspace, int64_t part, int64_t channel, const ChannelMoments<N>& moments) {
  Pack<N> count;
#pragma unroll
  for (int i = 0; i < N; ++i) count.of[i] = moments.count;
  device::store(workspace.term(part, 0) + channel, count);
  device::store(workspace.term(part, 1) + channel, moments.mean);
  device::store(workspace.term(part, 2) + channel, moments.squares);
}
template <int N>
__device__ inline void hand_over(const SumsWorkspace& workspace, int64_t part, int64_t channel, const Sums<2 * N>& sums) {
#pragma unroll
  for (int which = 0; which < 2; ++which) {
    Pack<N> values;
#pragma unroll
    for (int i = 0; i < N; ++i) values.of[i] = sums.of[which * N + i];
    device::store(workspace.term(part, which) + channel, values);
  }
}

/// What the second kernel made of all parts.
template <int N>
__device__ inline ScaleShift<N> combined(const MomentsWorkspace& workspace, int64_t channel) {
  return {device::load<N>(workspace.coefficient(0) + channel), device::load<N>(workspace.coefficient(1) + channel),
          device::load<N>(workspace.coefficient(2) + channel)};
}
template <int N>
__device__ inline InputGradient<N> combined(const SumsWorkspace& workspace, const float* mean, int64_t channel) {
  return {device::load<N>(mean + channel), device::load<N>(workspace.coefficient(0) + channel),
          device::load<N>(workspace.coefficient(1) + channel), device::load<N>(workspace.coefficient(2) + channel)};
}

/// Adds an element's g and g * (x - mean) to the sums of its N channels.
template <int N>
__device__ inline void add_gradient(Sums<2 * N>& sums, const Pack<N>& g, const Pack<N>& x, const Pack<N>& mean) {
#pragma unroll
  for (int i = 0; i < N; ++i) {
    sums.of[i] += g.of[i];
    sums.of[N + i] = fmaf(g.of[i], x.of[i] - mean.of[i], sums.of[N + i]);
  }
}

/// gamma * rstd: the factor of g where the statistics are constants.
template <int N>
__device__ inline Pack<N> frozen_factor(const Backward& a, float eps, int64_t channel) {
  return device::each([eps](float gamma, float variance) { return gamma / sqrtf(variance + eps); }, device::load<N>(a.gamma + channel),
                      device::load<N>(a.variance + channel));
}

/// x or g relative to something, and products.
template <int N>
__device__ inline Pack<N> difference(const Pack<N>& a, const Pack<N>& b) {
  return device::each([](float of_a, float of_b) { return of_a - of_b; }, a, b);
}
template <int N>
__device__ inline Pack<N> product(const Pack<N>& a, const Pack<N>& b) {
  return device::each([](float of_a, float of_b) { return of_a * of_b; }, a, b);
}

// Launchers that versions share.

/// From all parts: mean, variance, and the coefficients of y (batch_norm_combine.cu).
void combine_moments(const ForwardTraining&, int64_t parts, const MomentsWorkspace&, device::Stream);
/// From all parts: dgamma, dbeta, and the coefficients of dx.
void combine_sums(const Backward&, int64_t parts, const SumsWorkspace&, device::Stream);

/// The addition and the ReLU of a problem that has them, on y as the normalisation left it (batch_norm_passes.cu). For versions
/// without fusion.
void add_and_relu(int64_t count, float* y, const float* residual, bool relu, device::Stream);
/// The gradient that the ReLU lets through, where a version without fusion reads it: dy itself without a ReLU; otherwise
/// written to dresidual, or to dx where that is not wanted. dresidual is written in any case if it is wanted.
const float* passed_gradient(const Backward&, device::Stream);

namespace v3 {
/// The partial moments of v3, which v5 takes as they are.
void partial_moments(const ForwardTraining&, const Shape&, int64_t parts, const MomentsWorkspace&, device::Stream);
}  // namespace v3

}  // namespace skewbench::batch_norm
