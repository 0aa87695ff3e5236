// Pooling, four channels a thread.
//
// Idea       v1 with 16-byte accesses: four neighbouring channels of an output have the same window, so indices, bounds and the
//            division of an average's share are worked out once for four, and a load brings 16 bytes
// Mapping    as v1 with a quad of channels for a channel; a quad's winners are one 4-byte store
// Traffic    compulsory bytes; overlap is answered by the cache, in a quarter of v1's requests
// Numerics   a forward pass equals v1 to the bit; the gradient of an average multiplies by 1 / count instead of dividing
// Limits     c a multiple of 4; x, y, dy, dx at multiples of 16 bytes, the workspace at one of 4. Loses to v3 for a global
//            average: a thread for each four channels of an image is too few threads
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/pooling/pooling_cuda.h"
#include "kernels/pooling/pooling_windows.cuh"

namespace skewbench::pooling::v2 {
namespace {

constexpr int kBlock = 128;

// One channel's running maximum: the first of equal values stays, a NaN beats a number.
__device__ void challenge(float value, unsigned char tap, float& best, unsigned char& winner) {
  if (value <= best || best != best) return;
  best = value;
  winner = tap;
}

__global__ void pooling_forward_max_v2_kernel(Geometry g, const float4* __restrict__ x, float4* __restrict__ y, uchar4* __restrict__ winners) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x), quads = g.c / 4;  // item: (q, quad)
  if (item >= g.q * quads) return;
  const int n = static_cast<int>(blockIdx.x) / g.p, p = static_cast<int>(blockIdx.x) % g.p, q = item / quads, quad = item % quads;
  const Span rows = taps_inside(g, p, g.h), columns = taps_inside(g, q, g.w);
  const int64_t corner = int64_t{n} * g.h + p * g.stride - g.pad;  // row of all images
  const auto first = static_cast<unsigned char>(rows.begin * g.window + columns.begin);
  float4 best{-INFINITY, -INFINITY, -INFINITY, -INFINITY};
  uchar4 winner{first, first, first, first};
  for (int r = rows.begin; r < rows.end; ++r) {
    const float4* const row = x + (corner + r) * (g.w * quads) + (q * g.stride - g.pad) * quads + quad;
#pragma unroll 1
    for (int s = columns.begin; s < columns.end; ++s) {
      const float4 value = row[s * quads];
      const auto tap = static_cast<unsigned char>(r * g.window + s);
      challenge(value.x, tap, best.x, winner.x);
      challenge(value.y, tap, best.y, winner.y);
      challenge(value.z, tap, best.z, winner.z);
      challenge(value.w, tap, best.w, winner.w);
    }
  }
  const int64_t out = int64_t{blockIdx.x} * (g.q * quads) + item;
  y[out] = best;
  if (winners) winners[out] = winner;
}

__device__ void add(float4& sum, float4 value) {
  sum.x += value.x;
  sum.y += value.y;
  sum.z += value.z;
  sum.w += value.w;
}

__global__ void pooling_forward_average_v2_kernel(Geometry g, const float4* __restrict__ x, float4* __restrict__ y) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x), quads = g.c / 4;
  if (item >= g.q * quads) return;
  const int n = static_cast<int>(blockIdx.x) / g.p, p = static_cast<int>(blockIdx.x) % g.p, q = item / quads, quad = item % quads;
  const Span rows = taps_inside(g, p, g.h), columns = taps_inside(g, q, g.w);
  const int64_t corner = int64_t{n} * g.h + p * g.stride - g.pad;
  float4 sum{};
  for (int r = rows.begin; r < rows.end; ++r) {
    const float4* const row = x + (corner + r) * (g.w * quads) + (q * g.stride - g.pad) * quads + quad;
    float4 row_sum{};
#pragma unroll 1
    for (int s = columns.begin; s < columns.end; ++s) add(row_sum, row[s * quads]);
    add(sum, row_sum);
  }
  const auto count = static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
  y[int64_t{blockIdx.x} * (g.q * quads) + item] = {sum.x / count, sum.y / count, sum.z / count, sum.w / count};
}

__global__ void pooling_backward_max_v2_kernel(Geometry g, const float4* __restrict__ dy, const uchar4* __restrict__ winners, float4* __restrict__ dx) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x), quads = g.c / 4;  // item: (w, quad)
  if (item >= g.w * quads) return;
  const int n = static_cast<int>(blockIdx.x) / g.h, h = static_cast<int>(blockIdx.x) % g.h, w = item / quads, quad = item % quads;
  const Span rows = windows_over(g, h, g.p), columns = windows_over(g, w, g.q);
  float4 sum{};
  for (int p = rows.begin; p < rows.end; ++p)
#pragma unroll 1
    for (int q = columns.begin; q < columns.end; ++q) {
      const int tap = (h + g.pad - p * g.stride) * g.window + w + g.pad - q * g.stride;  // this pixel's, in that window
      const int64_t at = (int64_t{n} * g.p + p) * (g.q * quads) + q * quads + quad;
      const uchar4 winner = winners[at];
      const float4 gradient = dy[at];  // read whoever wins: one load, not four behind a branch
      add(sum, {winner.x == tap ? gradient.x : 0, winner.y == tap ? gradient.y : 0, winner.z == tap ? gradient.z : 0,
                winner.w == tap ? gradient.w : 0});
    }
  dx[int64_t{blockIdx.x} * (g.w * quads) + item] = sum;
}

__global__ void pooling_backward_average_v2_kernel(Geometry g, const float4* __restrict__ dy, float4* __restrict__ dx) {
  const int item = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x), quads = g.c / 4;
  if (item >= g.w * quads) return;
  const int n = static_cast<int>(blockIdx.x) / g.h, h = static_cast<int>(blockIdx.x) % g.h, w = item / quads, quad = item % quads;
  const Span rows = windows_over(g, h, g.p), columns = windows_over(g, w, g.q);
  float4 sum{};
  for (int p = rows.begin; p < rows.end; ++p)
#pragma unroll 1
    for (int q = columns.begin; q < columns.end; ++q) {
      const Span r = taps_inside(g, p, g.h), s = taps_inside(g, q, g.w);
      const float share = 1 / static_cast<float>((r.end - r.begin) * (s.end - s.begin));
      const float4 gradient = dy[(int64_t{n} * g.p + p) * (g.q * quads) + q * quads + quad];
      add(sum, {gradient.x * share, gradient.y * share, gradient.z * share, gradient.w * share});
    }
  dx[int64_t{blockIdx.x} * (g.w * quads) + item] = sum;
}

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  const Geometry g(a.problem);
  const dim3 grid = row_grid(a.n * g.p, g.q * (g.c / 4), kBlock);
  const auto* const x = reinterpret_cast<const float4*>(a.x);
  auto* const y = reinterpret_cast<float4*>(a.y);
  if (a.problem.kind == Kind::max)
    pooling_forward_max_v2_kernel<<<grid, kBlock, 0, stream>>>(g, x, y, reinterpret_cast<uchar4*>(a.workspace));
  else
    pooling_forward_average_v2_kernel<<<grid, kBlock, 0, stream>>>(g, x, y);
  CUDA_LAUNCHED(pooling_forward_v2_kernel);
}

void backward(const Backward& a, void*, device::Stream stream) {
  const Geometry g(a.problem);
  const dim3 grid = row_grid(a.n * g.h, g.w * (g.c / 4), kBlock);
  const auto* const dy = reinterpret_cast<const float4*>(a.dy);
  auto* const dx = reinterpret_cast<float4*>(a.dx);
  if (a.problem.kind == Kind::max)
    pooling_backward_max_v2_kernel<<<grid, kBlock, 0, stream>>>(g, dy, reinterpret_cast<const uchar4*>(a.workspace), dx);
  else
    pooling_backward_average_v2_kernel<<<grid, kBlock, 0, stream>>>(g, dy, dx);
  CUDA_LAUNCHED(pooling_backward_v2_kernel);
}

}  // namespace skewbench::pooling::v2
