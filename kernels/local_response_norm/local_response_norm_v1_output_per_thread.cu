// Local response normalisation, one element a thread, both forms.
//
// Idea       gather: a thread walks over the window of its element, rows and columns or channels. The backward pass does the same
//            with dy * y / scale, so nothing is scattered
// Mapping    blockIdx.x is a row of all images, 128 threads of a few blocks in y have its (column, channel) in memory order
// Traffic    compulsory bytes, but each element is asked for once by every window that holds it, 4 bytes at a time; the first-level
//            cache answers all but the first. The backward pass divides once for every element of every window
// Numerics   float sums in memory order; the power by logarithm and exponential (local_response_norm_window.cuh)
// Limits     any odd size; rows of 128 * 65535 floats. Loses to v2 where four channels go together
#include "kernels/base/cuda_check.h"
#include "kernels/local_response_norm/local_response_norm_window.cuh"

namespace skewbench::local_response_norm::v1 {
namespace {

constexpr int kBlock = 128;

// The sum of value(offset) over the window around item (column, channel) of image row `row`; offsets count from the row's
// first element, in memory. Loops are not unrolled: two or three turns are usual.
template <class Value>
__device__ float window_sum(const Geometry& g, bool is_within, int row, int column, int channel, Value value) {
  const Span rows = around(row, is_within ? g.reach : 0, g.h), columns = around(column, is_within ? g.reach : 0, g.w),
             channels = around(channel, is_within ? 0 : g.reach, g.c);
  float sum = 0;
  for (int r = rows.begin; r < rows.end; ++r)
    for (int s = columns.begin; s < columns.end; ++s)
#pragma unroll 1
      for (int k = channels.begin; k < channels.end; ++k) sum += value(int64_t{r - row} * (g.w * g.c) + s * g.c + k);
  return sum;
}

__global__ void local_response_norm_forward_v1_kernel(Geometry g, bool is_within, const float* __restrict__ x, float* __restrict__ y,
                                                      float* __restrict__ scale) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x);  // (w, c) of the row
  if (item >= g.w * g.c) return;
  const int64_t begin = int64_t{blockIdx.x} * (g.w * g.c);
  const float* const row = x + begin;
  const float sum = window_sum(g, is_within, static_cast<int>(blockIdx.x) % g.h, item / g.c, item % g.c,
                               [row](int64_t at) { return row[at] * row[at]; });
  const float s = fmaf(g.alpha, sum, 1.0f);
  scale[begin + item] = s;
  y[begin + item] = row[item] * to_minus_beta(s, g.beta);
}

__global__ void local_response_norm_backward_v1_kernel(Geometry g, bool is_within, const float* __restrict__ x, const float* __restrict__ y,
                                                       const float* __restrict__ scale, const float* __restrict__ dy, float* __restrict__ dx) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x);
  if (item >= g.w * g.c) return;
  const int64_t begin = int64_t{blockIdx.x} * (g.w * g.c), own = begin + item;
  const float sum = window_sum(g, is_within, static_cast<int>(blockIdx.x) % g.h, item / g.c, item % g.c,
                               [=](int64_t at) { return dy[begin + at] * y[begin + at] / scale[begin + at]; });
  dx[own] = fmaf(dy[own], to_minus_beta(scale[own], g.beta), -(g.factor * x[own] * sum));
}

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  const Geometry g(a.problem);
  local_response_norm_forward_v1_kernel<<<row_grid(a.n * g.h, g.w * g.c, kBlock), kBlock, 0, stream>>>(
      g, a.problem.form == Form::within_channel, a.x, a.y, a.scale);
  CUDA_LAUNCHED(local_response_norm_forward_v1_kernel);
}

void backward(const Backward& a, void*, device::Stream stream) {
  const Geometry g(a.problem);
  local_response_norm_backward_v1_kernel<<<row_grid(a.n * g.h, g.w * g.c, kBlock), kBlock, 0, stream>>>(
      g, a.problem.form == Form::within_channel, a.x, a.y, a.scale, a.dy, a.dx);
  CUDA_LAUNCHED(local_response_norm_backward_v1_kernel);
}

}  // namespace skewbench::local_response_norm::v1
