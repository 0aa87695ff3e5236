// Pooling, one output a thread.
//
// Idea       both directions gather: a thread reads all that its one output, or its one dx, is made of. The backward pass visits
//            the windows that contain the pixel, so nothing is zeroed first and nothing is added by atomics
// Mapping    blockIdx.x is a row of all images (of y forward, of dx backward), 128 threads of a few blocks in y have its
//            (column, channel) in memory order: lanes are neighbouring channels, as in memory
// Traffic    compulsory bytes, but x (or dy and the workspace) is asked for once by every window that overlaps it, 4 bytes at a
//            time; the first-level cache answers all but the first
// Numerics   maxima and winners are the reference's: strictly greater wins, a NaN beats a number. Averages are float sums, one a row
//            of the window and then over the rows, divided once; gradients are summed in the order of the windows
// Limits     rows of 128 * 65535 floats, 2^31 - 1 rows; loses to v2 where four channels go together
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/pooling/pooling_cuda.h"
#include "kernels/pooling/pooling_windows.cuh"

namespace skewbench::pooling::v1 {
namespace {

constexpr int kBlock = 128;  // a row of a small network's image has a few hundred floats
// Loops over a window are not unrolled: two or three turns are usual, a remainder of a multiple of four would be all there is.

__global__ void pooling_forward_max_v1_kernel(Geometry g, const float* __restrict__ x, float* __restrict__ y, uint8_t* __restrict__ winners) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x);  // (q, c) of the row
  if (item >= g.q * g.c) return;
  const int n = static_cast<int>(blockIdx.x) / g.p, p = static_cast<int>(blockIdx.x) % g.p, q = item / g.c, c = item % g.c;
  const Span rows = taps_inside(g, p, g.h), columns = taps_inside(g, q, g.w);
  const int64_t corner = int64_t{n} * g.h + p * g.stride - g.pad;  // row of all images
  float best = -INFINITY;
  int winner = rows.begin * g.window + columns.begin;
  for (int r = rows.begin; r < rows.end; ++r) {
    const float* const row = x + (corner + r) * (g.w * g.c) + (q * g.stride - g.pad) * g.c + c;
#pragma unroll 1
    for (int s = columns.begin; s < columns.end; ++s) {
      const float value = row[s * g.c];
      if (!(value <= best) && best == best) {
        best = value;
        winner = r * g.window + s;
      }
    }
  }
  const int64_t out = int64_t{blockIdx.x} * (g.q * g.c) + item;
  y[out] = best;
  if (winners) winners[out] = static_cast<uint8_t>(winner);
}

__global__ void pooling_forward_average_v1_kernel(Geometry g, const float* __restrict__ x, float* __restrict__ y) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x);
  if (item >= g.q * g.c) return;
  const int n = static_cast<int>(blockIdx.x) / g.p, p = static_cast<int>(blockIdx.x) % g.p, q = item / g.c, c = item % g.c;
  const Span rows = taps_inside(g, p, g.h), columns = taps_inside(g, q, g.w);
  const int64_t corner = int64_t{n} * g.h + p * g.stride - g.pad;
  float sum = 0;
  for (int r = rows.begin; r < rows.end; ++r) {
    const float* const row = x + (corner + r) * (g.w * g.c) + (q * g.stride - g.pad) * g.c + c;
    float row_sum = 0;  // of its own, or the average of a whole image loses digits
#pragma unroll 1
    for (int s = columns.begin; s < columns.end; ++s) row_sum += row[s * g.c];
    sum += row_sum;
  }
  const int count = (rows.end - rows.begin) * (columns.end - columns.begin);
  y[int64_t{blockIdx.x} * (g.q * g.c) + item] = sum / static_cast<float>(count);
}

__global__ void pooling_backward_max_v1_kernel(Geometry g, const float* __restrict__ dy, const uint8_t* __restrict__ winners, float* __restrict__ dx) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x);  // (w, c) of the row
  if (item >= g.w * g.c) return;
  const int n = static_cast<int>(blockIdx.x) / g.h, h = static_cast<int>(blockIdx.x) % g.h, w = item / g.c, c = item % g.c;
  const Span rows = windows_over(g, h, g.p), columns = windows_over(g, w, g.q);
  float sum = 0;
  for (int p = rows.begin; p < rows.end; ++p)
#pragma unroll 1
    for (int q = columns.begin; q < columns.end; ++q) {
      const int tap = (h + g.pad - p * g.stride) * g.window + w + g.pad - q * g.stride;  // this pixel's, in that window
      const int64_t at = (int64_t{n} * g.p + p) * (g.q * g.c) + q * g.c + c;
      if (winners[at] == tap) sum += dy[at];
    }
  dx[int64_t{blockIdx.x} * (g.w * g.c) + item] = sum;
}

__global__ void pooling_backward_average_v1_kernel(Geometry g, const float* __restrict__ dy, float* __restrict__ dx) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x);
  if (item >= g.w * g.c) return;
  const int n = static_cast<int>(blockIdx.x) / g.h, h = static_cast<int>(blockIdx.x) % g.h, w = item / g.c, c = item % g.c;
  const Span rows = windows_over(g, h, g.p), columns = windows_over(g, w, g.q);
  float sum = 0;
  for (int p = rows.begin; p < rows.end; ++p)
#pragma unroll 1
    for (int q = columns.begin; q < columns.end; ++q) {
      const Span r = taps_inside(g, p, g.h), s = taps_inside(g, q, g.w);
      const int count = (r.end - r.begin) * (s.end - s.begin);
      sum += dy[(int64_t{n} * g.p + p) * (g.q * g.c) + q * g.c + c] / static_cast<float>(count);
    }
  dx[int64_t{blockIdx.x} * (g.w * g.c) + item] = sum;
}

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  const Geometry g(a.problem);
  const dim3 grid = row_grid(a.n * g.p, g.q * g.c, kBlock);
  if (a.problem.kind == Kind::max)
    pooling_forward_max_v1_kernel<<<grid, kBlock, 0, stream>>>(g, a.x, a.y, a.workspace);
  else
    pooling_forward_average_v1_kernel<<<grid, kBlock, 0, stream>>>(g, a.x, a.y);
  CUDA_LAUNCHED(pooling_forward_v1_kernel);
}

void backward(const Backward& a, void*, device::Stream stream) {
  const Geometry g(a.problem);
  const dim3 grid = row_grid(a.n * g.h, g.w * g.c, kBlock);
  if (a.problem.kind == Kind::max)
    pooling_backward_max_v1_kernel<<<grid, kBlock, 0, stream>>>(g, a.dy, a.workspace, a.dx);
  else
    pooling_backward_average_v1_kernel<<<grid, kBlock, 0, stream>>>(g, a.dy, a.dx);
  CUDA_LAUNCHED(pooling_backward_v1_kernel);
}

}  // namespace skewbench::pooling::v1
