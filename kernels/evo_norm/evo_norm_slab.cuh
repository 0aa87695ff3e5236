// EvoNorm four channels a thread: a block has a slab of neighbouring channels of one sample, which is a group, or four channels
// where groups are smaller, so that 16-byte accesses need no group of four. Where x (and dy) come from is the rung's idea.
#pragma once

#include "kernels/base/pack.cuh"
#include "kernels/evo_norm/evo_norm_device.cuh"

namespace skewbench::evo_norm {

using device::Pack;

/// Sizes. k = c / groups is a power of two up to 128. A slab's quads of a pixel are a power of two up to 32, and so are the
/// columns of threads: all quads of a thread have the same channels.
struct Slab {
  explicit Slab(const Problem& problem) : c(problem.c), eps(problem.eps) {
    const int64_t k = problem.c / problem.groups;
    log2_k = log2_quads = 0;
    while (int64_t{1} << log2_k < k) ++log2_k;
    while (int64_t{4} << log2_quads < k) ++log2_quads;
    items = static_cast<int>(problem.pixels << log2_quads);
    size = static_cast<float>(problem.group_size());
    freedom = static_cast<float>(problem.group_size() - 1);
    slabs = static_cast<unsigned>(problem.c >> (2 + log2_quads));
  }
  int threads() const { return threads_for(items); }
  unsigned blocks(int64_t n) const { return static_cast<unsigned>(n * slabs); }

  int64_t c;
  int log2_k, log2_quads, items;  // items: quads of the slab in all pixels
  float eps, size, freedom;       // size: elements of a group; freedom: one less
  unsigned slabs;                 // of a sample
};

/// A thread's place. Its items are e = threadIdx.x, e + blockDim.x, ... below slab.items.
struct Place {
  __device__ explicit Place(const Slab& slab)
      : sample(blockIdx.x / slab.slabs),
        first_channel(int64_t{blockIdx.x % slab.slabs} << (2 + slab.log2_quads)),
        channel(first_channel + 4 * (threadIdx.x & ((1u << slab.log2_quads) - 1))),
        first(sample * (slab.items >> slab.log2_quads) * slab.c) {}
  __device__ int64_t offset(const Slab& slab, int e) const { return first + (e >> slab.log2_quads) * slab.c + channel; }
  /// Of channel + j, in [n, groups].
  __device__ int64_t group(const Slab& slab, int j) const { return sample * (slab.c >> slab.log2_k) + ((channel + j) >> slab.log2_k); }

  int64_t sample, first_channel, channel;  // of the slab; of the thread's quads
  int64_t first;                           // offset of the sample
};

template <class Visit>
__device__ inline void for_items(const Slab& slab, Visit visit) {
#pragma unroll 1
  for (int e = static_cast<int>(threadIdx.x); e < slab.items; e += static_cast<int>(blockDim.x)) visit(e);
}

/// The first channel's value of each channel's group.
__device__ inline Pack<4> of_group(const Slab& slab, const Pack<4>& v) {
  if (slab.log2_k == 0) return v;
  if (slab.log2_k == 1) return {v.of[0], v.of[0], v.of[2], v.of[2]};
  return {v.of[0], v.of[0], v.of[0], v.of[0]};
}

/// Sums of four channels to sums of their groups.
__device__ inline Pack<4> joined(const Slab& slab, const Sums<4>& s) {
  const float low = s.of[0] + s.of[1], high = s.of[2] + s.of[3];
  if (slab.log2_k == 0) return {s.of[0], s.of[1], s.of[2], s.of[3]};
  if (slab.log2_k == 1) return {low, low, high, high};
  return {low + high, low + high, low + high, low + high};
}

__device__ inline Sums<4> summands(const Pack<4>& v) { return {v.of[0], v.of[1], v.of[2], v.of[3]}; }

/// y, mean and rstd of a slab. get(e) gives x of item e; it is asked three times for each.
template <class Get>
__device__ inline void forward_slab(const Forward& a, const Slab& slab, const Place& at, Get get) {
  __shared__ Sums<4> slots[kMostWarps];
  __shared__ Pack<4> shared_mean, shared_rstd;
  const Pack<4> pivot = of_group(slab, device::load<4>(a.x + at.first + at.first_channel));
  Sums<4> sum{};
  for_items(slab, [&](int e) { sum.merge(summands(device::each([](float x, float p) { return x - p; }, get(e), pivot))); });
  device::reduce_block(sum, slots);
  if (threadIdx.x == 0) shared_mean = device::each([&](float s) { return s / slab.size; }, joined(slab, sum));
  __syncthreads();  // the means are there, and the slots are read

  const Pack<4> mean = shared_mean;
  Sums<4> squares{};
  for_items(slab, [&](int e) {
    const Pack<4> deviation = device::each([](float x, float p, float m) { return (x - p) - m; }, get(e), pivot, mean);
    squares.merge(summands(device::each([](float d) { return d * d; }, deviation)));
  });
  device::reduce_block(squares, slots);
  if (threadIdx.x == 0) {
    const Pack<4> rstd = device::each([&](float s) { return rstd_of(s, slab.freedom, slab.eps); }, joined(slab, squares));
#pragma unroll
    for (int j = 0; j < 4; ++j) {  // channels of one group write the same twice
      a.mean[at.group(slab, j)] = pivot.of[j] + mean.of[j];
      a.rstd[at.group(slab, j)] = rstd.of[j];
    }
    shared_rstd = rstd;
  }
  __syncthreads();  // rstd is there

  const Pack<4> scale = device::each([](float gamma, float r) { return gamma * r; }, device::load<4>(a.gamma + at.channel), shared_rstd);
  const Pack<4> beta = device::load<4>(a.beta + at.channel);
  for_items(slab, [&](int e) {
    device::store(a.y + at.offset(slab, e), device::each([](float x, float f, float b) { return fmaf(activation(x), f, b); }, get(e), scale, beta));
  });
}

/// dx of a slab, and the sample's sums for dgamma and dbeta in partial [2, n, c], unless that is null. get_x(e), get_dy(e): of
/// item e; asked twice for each.
template <class GetX, class GetDy>
__device__ inline void backward_slab(const Backward& a, const Slab& slab, const Place& at, float* partial, GetX get_x, GetDy get_dy) {
  __shared__ Sums<8> slots[kMostThreads];
  __shared__ Pack<4> shared_slope;
  const int quads = 1 << slab.log2_quads;
  Pack<4> mean, rstd;
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    mean.of[j] = a.mean[at.group(slab, j)];
    rstd.of[j] = a.rstd[at.group(slab, j)];
  }
  const Pack<4> gamma = device::load<4>(a.gamma + at.channel);
  Sums<8> sums{};  // dy * s of four channels, then dy
  for_items(slab, [&](int e) {
    const Pack<4> dy = get_dy(e), dy_s = device::each([](float g, float x) { return g * activation(x); }, dy, get_x(e));
    sums.merge(Sums<8>{dy_s.of[0], dy_s.of[1], dy_s.of[2], dy_s.of[3], dy.of[0], dy.of[1], dy.of[2], dy.of[3]});
  });
  device::reduce_block_classes(sums, quads, slots);
  Sums<4> of_group{};  // gamma * dy * s
  if (static_cast<int>(threadIdx.x) < quads) {
    const Pack<4> dy_s{sums.of[0], sums.of[1], sums.of[2], sums.of[3]}, dy{sums.of[4], sums.of[5], sums.of[6], sums.of[7]};
    of_group = summands(device::each([](float g, float s) { return g * s; }, gamma, dy_s));
    if (partial) {
      float* const to = partial + at.sample * slab.c + at.channel;
      device::store(to, device::each([](float s, float r) { return s * r; }, dy_s, rstd));
      device::store(to + a.n * slab.c, dy);
    }
  }
  if (threadIdx.x < kWarp) device::reduce_lanes(of_group);  // the columns are in the first warp; zeros in the rest of it
  if (threadIdx.x == 0) shared_slope = device::each([&](float r, float s) { return slope_of(r, slab.freedom, s); }, rstd, joined(slab, of_group));
  __syncthreads();  // the slopes are there

  const Pack<4> slope = shared_slope, factor = device::each([](float g, float r) { return g * r; }, gamma, rstd);
  for_items(slab, [&](int e) {
    const auto gradient = [](float x, float dy, float f, float m, float s) { return fmaf(dy * f, slope_of_activation(x), -((x - m) * s)); };
    device::store(a.dx + at.offset(slab, e), device::each(gradient, get_x(e), get_dy(e), factor, mean, slope));
  });
}

}  // namespace skewbench::evo_norm
