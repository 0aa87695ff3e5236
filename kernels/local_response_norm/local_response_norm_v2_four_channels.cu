// Local response normalisation, four channels a thread.
//
// Idea       v1 with 16-byte accesses. Within a channel the four windows lie beside each other and are walked together; across
//            channels they overlap: a thread loads its own four channels and the four on either side, once, and forms the
//            four sums from them
// Mapping    as v1 with a quad of channels for a channel
// Traffic    compulsory bytes; across channels each quad is asked for three times, within a channel once by every window that holds
//            it, in a quarter of v1's requests. Across channels the backward pass divides 4 + 2 reach times for four elements
// Numerics   as v1; across channels each element's terms in the order of the channels
// Limits     c a multiple of 4, arrays at multiples of 16 bytes; across channels sizes 3 and 5 (reach 1 and 2), since the quads beside
//            must hold the window
#include "kernels/base/cuda_check.h"
#include "kernels/local_response_norm/local_response_norm_window.cuh"

namespace skewbench::local_response_norm::v2 {
namespace {

constexpr int kBlock = 128;

// A thread's place: quad `item` of the row has channels 4 quad ... of its column.
struct Place {
  __device__ explicit Place(const Geometry& g)
      : quads(g.c / 4), item(static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x)), begin(int64_t{blockIdx.x} * (g.w * quads)) {}
  __device__ bool is_inside(const Geometry& g) const { return item < g.w * quads; }
  int quads, item;
  int64_t begin;  ///< of the row, in quads
};

__device__ float4 powers(float4 s, float beta) {
  return {to_minus_beta(s.x, beta), to_minus_beta(s.y, beta), to_minus_beta(s.z, beta), to_minus_beta(s.w, beta)};
}
__device__ float4 times(float4 a, float4 b) { return {a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w}; }
__device__ float4 over(float4 a, float4 b) { return {a.x / b.x, a.y / b.y, a.z / b.z, a.w / b.w}; }

__device__ void store_forward(const Geometry& g, float4 own, float4 sum, int64_t at, float4* y, float4* scale) {
  const float4 s{fmaf(g.alpha, sum.x, 1.0f), fmaf(g.alpha, sum.y, 1.0f), fmaf(g.alpha, sum.z, 1.0f), fmaf(g.alpha, sum.w, 1.0f)};
  scale[at] = s;
  y[at] = times(own, powers(s, g.beta));
}

__device__ void store_backward(const Geometry& g, float4 sum, int64_t at, const float4* x, const float4* scale, const float4* dy, float4* dx) {
  const float4 own = x[at], gradient = dy[at], power = powers(scale[at], g.beta);
  dx[at] = {fmaf(gradient.x, power.x, -(g.factor * own.x * sum.x)), fmaf(gradient.y, power.y, -(g.factor * own.y * sum.y)),
            fmaf(gradient.z, power.z, -(g.factor * own.z * sum.z)), fmaf(gradient.w, power.w, -(g.factor * own.w * sum.w))};
}

// --- across channels ---------------------------------------------------------------------------------------------------

// A quad and kReach values on either side of it, in the order of the channels.
template <int kReach, class Value>
__device__ float4 sums_across(const Place& place, Value value) {
  const int quad = place.item % place.quads;
  const float4 own = value(place.item), none{};
  const float4 before = quad > 0 ? value(place.item - 1) : none, behind = quad < place.quads - 1 ? value(place.item + 1) : none;
  const float all[12] = {before.x, before.y, before.z, before.w, own.x, own.y, own.z, own.w, behind.x, behind.y, behind.z, behind.w};
  float sum[4];
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    sum[j] = all[4 + j - kReach];
#pragma unroll
    for (int k = 1 - kReach; k <= kReach; ++k) sum[j] += all[4 + j + k];
  }
  return {sum[0], sum[1], sum[2], sum[3]};
}

template <int kReach>
__global__ void local_response_norm_forward_across_v2_kernel(Geometry g, const float4* __restrict__ x, float4* __restrict__ y, float4* __restrict__ scale) {
  const Place place(g);
  if (!place.is_inside(g)) return;
  const float4* const row = x + place.begin;
  const float4 sum = sums_across<kReach>(place, [row](int at) { return times(row[at], row[at]); });
  store_forward(g, row[place.item], sum, place.begin + place.item, y, scale);
}

template <int kReach>
__global__ void local_response_norm_backward_across_v2_kernel(Geometry g, const float4* __restrict__ x, const float4* __restrict__ y,
                                                              const float4* __restrict__ scale, const float4* __restrict__ dy,
                                                              float4* __restrict__ dx) {
  const Place place(g);
  if (!place.is_inside(g)) return;
  const auto ratio = [&](int item) {
    const int64_t at = place.begin + item;
    return over(times(dy[at], y[at]), scale[at]);
  };
  store_backward(g, sums_across<kReach>(place, ratio), place.begin + place.item, x, scale, dy, dx);
}

// --- within a channel --------------------------------------------------------------------------------------------------

template <class Value>
__device__ float4 sums_within(const Geometry& g, const Place& place, Value value) {
  const int row = static_cast<int>(blockIdx.x) % g.h, column = place.item / place.quads, quad = place.item % place.quads;
  const Span rows = around(row, g.reach, g.h), columns = around(column, g.reach, g.w);
  float4 sum{};
  for (int r = rows.begin; r < rows.end; ++r)
#pragma unroll 1
    for (int s = columns.begin; s < columns.end; ++s) {
      const float4 v = value(place.begin + int64_t{r - row} * (g.w * place.quads) + s * place.quads + quad);
      sum = {sum.x + v.x, sum.y + v.y, sum.z + v.z, sum.w + v.w};
    }
  return sum;
}

__global__ void local_response_norm_forward_within_v2_kernel(Geometry g, const float4* __restrict__ x, float4* __restrict__ y, float4* __restrict__ scale) {
  const Place place(g);
  if (!place.is_inside(g)) return;
  const float4 sum = sums_within(g, place, [x](int64_t at) { return times(x[at], x[at]); });
  store_forward(g, x[place.begin + place.item], sum, place.begin + place.item, y, scale);
}

__global__ void local_response_norm_backward_within_v2_kernel(Geometry g, const float4* __restrict__ x, const float4* __restrict__ y,
                                                              const float4* __restrict__ scale, const float4* __restrict__ dy,
                                                              float4* __restrict__ dx) {
  const Place place(g);
  if (!place.is_inside(g)) return;
  const float4 sum = sums_within(g, place, [=](int64_t at) { return over(times(dy[at], y[at]), scale[at]); });
  store_backward(g, sum, place.begin + place.item, x, scale, dy, dx);
}

const float4* quads(const float* array) { return reinterpret_cast<const float4*>(array); }
float4* quads(float* array) { return reinterpret_cast<float4*>(array); }

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  const Geometry g(a.problem);
  const dim3 grid = row_grid(a.n * g.h, g.w * (g.c / 4), kBlock);
  auto* const kernel = a.problem.form == Form::within_channel ? local_response_norm_forward_within_v2_kernel
                       : g.reach == 1                         ? local_response_norm_forward_across_v2_kernel<1>
                                                              : local_response_norm_forward_across_v2_kernel<2>;
  kernel<<<grid, kBlock, 0, stream>>>(g, quads(a.x), quads(a.y), quads(a.scale));
  CUDA_LAUNCHED(local_response_norm_forward_v2_kernel);
}

void backward(const Backward& a, void*, device::Stream stream) {
  const Geometry g(a.problem);
  const dim3 grid = row_grid(a.n * g.h, g.w * (g.c / 4), kBlock);
  auto* const kernel = a.problem.form == Form::within_channel ? local_response_norm_backward_within_v2_kernel
                       : g.reach == 1                         ? local_response_norm_backward_across_v2_kernel<1>
                                                              : local_response_norm_backward_across_v2_kernel<2>;
  kernel<<<grid, kBlock, 0, stream>>>(g, quads(a.x), quads(a.y), quads(a.scale), quads(a.dy), quads(a.dx));
  CUDA_LAUNCHED(local_response_norm_backward_v2_kernel);
}

}  // namespace skewbench::local_response_norm::v2
