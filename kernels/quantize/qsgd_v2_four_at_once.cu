// QSGD, four coordinates a thread.
//
// Idea       a thread has four neighbouring coordinates: they are one 16-byte access and share one Philox block, most of the
//            arithmetic, so random numbers cost a quarter of v1's. Eight lanes put their nibbles of a plane together by shuffles
// Mapping    norms: a block a chunk of 2048, 32 or 64 threads, thread t has lanes 4t .. 4t + 3 of ordered_sum.h. Scales: a block a
//            bucket. Levels and decoding: 256 threads a block, a quad each
// Traffic    as v1: encode reads x twice; decode the compulsory bytes
// Numerics   qsgd.h and ordered_sum.h, to the bit
// Limits     x and out 16-byte aligned; at most 2^33 coordinates, as quads are numbered in 32 bits. For many small buckets v3 reads x
//            once and launches one kernel instead of three
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/qsgd.cuh"
#include "kernels/quantize/qsgd_cuda.h"

namespace skewbench::quantize::v2 {
namespace {

constexpr int kBlock = 256;           // threads for levels: 32 groups
constexpr int kQuads = kLanes / 4;    // threads for norms: four lanes of ordered_sum.h each

// partials[chunk] = sum or maximum of the chunk's shares
__global__ void __launch_bounds__(kQuads) qsgd_norm_v2_kernel(Buckets of, const float* x, double* partials) {
  __shared__ double of_warps[kWarpsOfBlock];
  const auto range = of.range(blockIdx.x);
  const double shares = with_norm(of.is_maximum, [&](auto combine) {
    double lane[4] = {};
#pragma unroll 1
    for (int64_t quad = range.begin / 4 + threadIdx.x; quad < quads_of(range.end); quad += kQuads) {
      const float4 v = load_four(x, quad, of.count);
      lane[0] = combine(lane[0], share(v.x, of.is_maximum));
      lane[1] = combine(lane[1], share(v.y, of.is_maximum));
      lane[2] = combine(lane[2], share(v.z, of.is_maximum));
      lane[3] = combine(lane[3], share(v.w, of.is_maximum));
    }
    return tree_of_block(combine(combine(lane[0], lane[1]), combine(lane[2], lane[3])), of_warps, combine);
  });
  if (threadIdx.x == 0) partials[blockIdx.x] = shares;
}

// message[bucket] = its scale
__global__ void __launch_bounds__(kLanes) qsgd_scale_v2_kernel(Buckets of, const double* partials, uint32_t* message) {
  __shared__ double of_warps[kWarpsOfBlock];
  const double shares = with_norm(of.is_maximum, [&](auto combine) {
    return lanes_of_block(of.parts, partials + int64_t{blockIdx.x} * of.parts, of_warps, combine);
  });
  if (threadIdx.x == 0) message[blockIdx.x] = scale_of(shares, of.is_maximum);
}

__global__ void __launch_bounds__(kBlock) qsgd_encode_v2_kernel(Buckets of, Draws draws, const float* x, uint32_t* message) {
  const int64_t quad = int64_t{blockIdx.x} * kBlock + threadIdx.x, group = quad / 8;
  uint32_t code[4] = {};
  if (quad < quads_of(of.count)) {
    const float scale = __uint_as_float(message[static_cast<uint32_t>(quad) / static_cast<uint32_t>(of.bucket / 4)]);
    if (scale > 0) {
      const float4 v = load_four(x, quad, of.count);
      const PhiloxBlock draw = draws.quad(quad);
      code[0] = signed_code(v.x, stochastic_level(fabsf(v.x), scale, of.levels, draw.a));
      code[1] = signed_code(v.y, stochastic_level(fabsf(v.y), scale, of.levels, draw.b));
      code[2] = signed_code(v.z, stochastic_level(fabsf(v.z), scale, of.levels, draw.c));
      code[3] = signed_code(v.w, stochastic_level(fabsf(v.w), scale, of.levels, draw.d));
    }
  }
  store_quads(code, of.bits, message + of.number + group * of.bits, group * kGroup < of.count);
}

__global__ void __launch_bounds__(kBlock) qsgd_decode_v2_kernel(Buckets of, const uint32_t* message, float* out, bool add) {
  const int64_t quad = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (quad >= quads_of(of.count)) return;
  uint32_t code[4];
  load_quad(message + of.number + quad / 8 * of.bits, of.bits, static_cast<int>(quad % 8) * 4, code);
  const float scale = __uint_as_float(message[static_cast<uint32_t>(quad) / static_cast<uint32_t>(of.bucket / 4)]);
  const float4 value{decoded(code[0], scale, of.levels), decoded(code[1], scale, of.levels), decoded(code[2], scale, of.levels),
               decoded(code[3], scale, of.levels)};
  store_four(out, quad, of.count, value, add);
}

unsigned quad_blocks(int64_t count) { return static_cast<unsigned>(device::ceil_div(count, 4 * kBlock)); }

}  // namespace

void qsgd_encode(const QsgdEncode& a, void* workspace, device::Stream stream) {
  const Buckets of(a.problem);
  double* const partials = static_cast<double*>(workspace);
  qsgd_norm_v2_kernel<<<of.chunks(), of.bucket / 4 > device::kWarp ? kQuads : device::kWarp, 0, stream>>>(of, a.x, partials);
  CUDA_LAUNCHED(qsgd_norm_v2_kernel);
  qsgd_scale_v2_kernel<<<static_cast<unsigned>(of.number), lane_threads(of.parts), 0, stream>>>(of, partials, a.message);
  CUDA_LAUNCHED(qsgd_scale_v2_kernel);
  qsgd_encode_v2_kernel<<<quad_blocks(of.count), kBlock, 0, stream>>>(of, a.draws, a.x, a.message);
  CUDA_LAUNCHED(qsgd_encode_v2_kernel);
}

void qsgd_decode(const QsgdDecode& a, void*, device::Stream stream) {
  const Buckets of(a.problem);
  qsgd_decode_v2_kernel<<<quad_blocks(of.count), kBlock, 0, stream>>>(of, a.message, a.out, a.add);
  CUDA_LAUNCHED(qsgd_decode_v2_kernel);
}

}  // namespace skewbench::quantize::v2
