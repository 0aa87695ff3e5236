// TernGrad, four coordinates a thread.
//
// Idea       four neighbouring coordinates are one 16-byte access and share one Philox block; eight lanes put their four codes
//            together to words by shuffles
// Mapping    scale: a block of 64 threads a chunk of 2048, thread t has lanes 4t .. 4t + 3 of ordered_sum.h; then one block for all
//            chunks. Encode: 256 threads a block, a quad each
// Traffic    the compulsory bytes, and 16 a chunk for the scale
// Numerics   ternary.h and ordered_sum.h, to the bit
// Limits     x 16-byte aligned
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/ternary.cuh"
#include "kernels/quantize/ternary_cuda.h"

namespace skewbench::quantize::v2 {
namespace {

constexpr int kBlock = 256;
constexpr int kQuads = kLanes / 4;  // threads of a chunk

__global__ void __launch_bounds__(kQuads) ternary_shares_v2_kernel(int64_t count, bool is_clipped, const float* x, double* partials) {
  __shared__ double of_warps[2][kWarpsOfBlock];
  const int64_t end = min((int64_t{blockIdx.x} + 1) * kChunk, count);
  const float first = x[0];
  Shares lane[4] = {};
#pragma unroll 1
  for (int64_t quad = blockIdx.x * (kChunk / 4) + threadIdx.x; quad < quads_of(end); quad += kQuads) {
    const float4 v = load_four(x, quad, count, first);  // no coordinate, no deviation
    lane[0].add(v.x, first, is_clipped);
    lane[1].add(v.y, first, is_clipped);
    lane[2].add(v.z, first, is_clipped);
    lane[3].add(v.w, first, is_clipped);
  }
  lane[0].merge(lane[1], is_clipped);
  lane[2].merge(lane[3], is_clipped);
  lane[0].merge(lane[2], is_clipped);
  store_chunk(lane[0], is_clipped, gridDim.x, partials, of_warps);
}

__global__ void __launch_bounds__(kLanes) ternary_scale_v2_kernel(int64_t count, float clip, bool is_clipped, int64_t chunks,
                                                                  const double* partials, float* scale) {
  __shared__ double of_warps[2][kWarpsOfBlock];
  const uint32_t bits = ternary_scale_bits(count, clip, is_clipped, chunks, partials, of_warps);
  if (threadIdx.x == 0) *scale = __uint_as_float(bits);
}

__global__ void __launch_bounds__(kBlock) ternary_encode_v2_kernel(int64_t count, Draws draws, const float* x, const float* limit,
                                                                   const float* scale, uint32_t* message) {
  const int64_t quad = int64_t{blockIdx.x} * kBlock + threadIdx.x, group = quad / 8;
  const uint32_t bits = agreed_scale_bits(*limit, *scale);
  if (quad == 0) message[0] = bits;
  const float agreed = __uint_as_float(bits), clip_at = *limit;
  uint32_t code[4] = {};
  if (quad < quads_of(count) && agreed > 0) {
    const float4 v = load_four(x, quad, count);
    const PhiloxBlock draw = draws.quad(quad);
    code[0] = ternary_code(v.x, clip_at, agreed, draw.a);
    code[1] = ternary_code(v.y, clip_at, agreed, draw.b);
    code[2] = ternary_code(v.z, clip_at, agreed, draw.c);
    code[3] = ternary_code(v.w, clip_at, agreed, draw.d);
  }
  store_quads(code, 2, message + 1 + group * 2, group * kGroup < count);
}

}  // namespace

void ternary_scale(const TernaryScale& a, void* workspace, device::Stream stream) {
  const int64_t chunks = device::ceil_div(a.problem.count, kChunk);
  double* const partials = static_cast<double*>(workspace);
  ternary_shares_v2_kernel<<<static_cast<unsigned>(chunks), kQuads, 0, stream>>>(a.problem.count, is_clipped(a.problem), a.x, partials);
  CUDA_LAUNCHED(ternary_shares_v2_kernel);
  ternary_scale_v2_kernel<<<1, lane_threads(chunks), 0, stream>>>(a.problem.count, a.problem.clip, is_clipped(a.problem), chunks, partials, a.scale);
  CUDA_LAUNCHED(ternary_scale_v2_kernel);
}

void ternary_encode(const TernaryEncode& a, void*, device::Stream stream) {
  const unsigned blocks = static_cast<unsigned>(device::ceil_div(a.problem.count, 4 * kBlock));
  ternary_encode_v2_kernel<<<blocks, kBlock, 0, stream>>>(a.problem.count, a.draws, a.x, a.limit, a.scale, a.message);
  CUDA_LAUNCHED(ternary_encode_v2_kernel);
}

}  // namespace skewbench::quantize::v2
