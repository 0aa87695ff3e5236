// The update of the flat vector, four elements a thread, one tensor a block.
//
// Idea       a table of chunks, made once for a layout: a block's tensor is one read for all its threads, and a tensor starts at a
//            multiple of 64 bytes, so every access but those beside a gap is 16 bytes
// Mapping    a block is a chunk of at most 1,024 elements of one tensor and the gap behind it; 256 threads of four elements
// Traffic    compulsory bytes and 64 bytes of table a block (0.3 % of a full one)
// Numerics   sgd.h's operations: equal to the reference to the bit
// Limits     vectors at multiples of 16 bytes. A tensor of a few elements costs a block: on a network of many tiny tensors most
//            blocks are nearly empty, but few against those of the large ones
#include "kernels/base/cuda_check.h"
#include "kernels/sgd/sgd_element.cuh"

namespace skewbench::sgd::v2 {
namespace {

constexpr int kBlock = kChunk / 4;

__device__ float4 load(const float* from, int64_t i) { return *reinterpret_cast<const float4*>(from + i); }
__device__ void store(float* to, int64_t i, float4 value) { *reinterpret_cast<float4*>(to + i) = value; }

// Elements i .. i + 3, all of one tensor.
__device__ void step_quad(const Step& a, const Range& range, const Factors& f, int64_t i) {
  const float4 x = load(a.x, i);
  if (range.is_statistic && a.options.frozen_statistics) {
    store(a.x_out, i, x);
    return;
  }
  const float4 g = load(a.gradient, i);
  if (range.is_statistic) {
    store(a.x_out, i, {f.statistic(x.x, g.x), f.statistic(x.y, g.y), f.statistic(x.z, g.z), f.statistic(x.w, g.w)});
  } else if (f.uses_momentum) {
    float4 m = load(a.momentum, i), out;
    out.x = f.with_momentum(x.x, g.x, m.x);
    out.y = f.with_momentum(x.y, g.y, m.y);
    out.z = f.with_momentum(x.z, g.z, m.z);
    out.w = f.with_momentum(x.w, g.w, m.w);
    store(a.x_out, i, out);
    if (a.update_momentum) store(a.momentum, i, m);
  } else {
    store(a.x_out, i, {f.plain(x.x, g.x), f.plain(x.y, g.y), f.plain(x.z, g.z), f.plain(x.w, g.w)});
  }
}

__global__ void sgd_step_v2_kernel(Step a) {
  const Chunk chunk = a.table.chunks[blockIdx.x];
  const Range range = a.table.ranges[chunk.range];
  const int quad = static_cast<int>(threadIdx.x);
  if (quad >= chunk.quads) return;
  const int64_t i = chunk.begin + 4 * quad;
  const Factors factors(a, range);
  if (quad < chunk.whole) {
    step_quad(a, range, factors, i);
    return;
  }
  const int64_t gap = max(i, range.end);
  __builtin_assume(gap < i + 4);  // or the quad were whole: the loop over it need not ask before the first turn
#pragma unroll 1
  for (int64_t element = gap; element < i + 4; ++element) a.x_out[element] = 0;  // a gap is only written
#pragma unroll 1
  for (int64_t element = i; element < range.end; ++element) step_element(a, range, factors, element);
}

}  // namespace

void step(const Step& a, void*, device::Stream stream) {
  sgd_step_v2_kernel<<<static_cast<unsigned>(a.table.chunk_count), kBlock, 0, stream>>>(a);
  CUDA_LAUNCHED(sgd_step_v2_kernel);
}

}  // namespace skewbench::sgd::v2
