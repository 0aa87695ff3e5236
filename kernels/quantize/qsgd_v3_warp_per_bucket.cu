// QSGD of small buckets, a warp a bucket.
//
// Idea       a bucket of up to 2048 coordinates, one chunk of ordered_sum.h, needs no other thread's help: its warp computes the
//            norm by shuffles and then the levels in one kernel, without barriers, scratch memory or a scale that goes through memory
// Mapping    eight warps a block, a bucket each. A lane has four neighbouring coordinates of every 128, so eight lanes of
//            ordered_sum.h; a warp goes over its bucket once for the norm and once for the levels
// Traffic    the compulsory bytes from memory where a multiprocessor's buckets fit its first-level cache, as 64 buckets of 512 do;
//            longer ones are read again from the second level
// Numerics   qsgd.h and ordered_sum.h, to the bit
// Limits     buckets of at most 2048 coordinates; x 16-byte aligned. Buckets below 128 leave lanes idle
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/qsgd.cuh"
#include "kernels/quantize/qsgd_cuda.h"

namespace skewbench::quantize::v3 {
namespace {

constexpr int kBlock = 256;
constexpr int kWarps = kBlock / device::kWarp;
constexpr int kHalves = kLanes / 4 / device::kWarp;  // 2: the lanes of ordered_sum.h are two times 128

// The bucket's shares by ordered_sum.h; its quads are first .. first + quads - 1. Lane 0 gets them.
template <class Combine>
__device__ double shares_of(const Buckets& of, const float* x, int64_t first, int quads, Combine combine) {
  double lanes[kHalves][4] = {};
#pragma unroll 1
  for (int row = static_cast<int>(threadIdx.x) % device::kWarp; row < quads; row += kHalves * device::kWarp)
#pragma unroll
    for (int half = 0; half < kHalves; ++half) {
      const int quad = row + half * device::kWarp;
      if (half > 0 && quad >= quads) break;
      const float4 v = load_four(x, first + quad, of.count);
      lanes[half][0] = combine(lanes[half][0], share(v.x, of.is_maximum));
      lanes[half][1] = combine(lanes[half][1], share(v.y, of.is_maximum));
      lanes[half][2] = combine(lanes[half][2], share(v.z, of.is_maximum));
      lanes[half][3] = combine(lanes[half][3], share(v.w, of.is_maximum));
    }
  const auto tree = [&](const double(&lane)[4]) {
    return tree_of_warp(combine(combine(lane[0], lane[1]), combine(lane[2], lane[3])), combine);
  };
  return combine(tree(lanes[0]), tree(lanes[1]));
}

__global__ void __launch_bounds__(kBlock) qsgd_encode_v3_kernel(Buckets of, Draws draws, const float* x, uint32_t* message) {
  const int lane = static_cast<int>(threadIdx.x) % device::kWarp;
  const int64_t b = int64_t{blockIdx.x} * kWarps + threadIdx.x / device::kWarp;
  if (b >= of.number) return;  // the whole warp
  const int64_t first = b * (of.bucket / 4);
  const int quads = static_cast<int>(quads_of(min(of.bucket, of.count - b * of.bucket)));  // [1, 512]
  const double shares = with_norm(of.is_maximum, [&](auto combine) { return shares_of(of, x, first, quads, combine); });
  const uint32_t bits_of_scale = scale_of(shares, of.is_maximum);
  if (lane == 0) message[b] = bits_of_scale;

  const float scale = __uint_as_float(__shfl_sync(kWholeWarp, bits_of_scale, 0));
  int begin = 0;
#pragma unroll 1
  do {
    const int quad = begin + lane;
    uint32_t code[4] = {};
    if (quad < quads && scale > 0) {
      const float4 v = load_four(x, first + quad, of.count);
      const PhiloxBlock draw = draws.quad(first + quad);
      code[0] = signed_code(v.x, stochastic_level(fabsf(v.x), scale, of.levels, draw.a));
      code[1] = signed_code(v.y, stochastic_level(fabsf(v.y), scale, of.levels, draw.b));
      code[2] = signed_code(v.z, stochastic_level(fabsf(v.z), scale, of.levels, draw.c));
      code[3] = signed_code(v.w, stochastic_level(fabsf(v.w), scale, of.levels, draw.d));
    }
    const int group = quad / 8;
    store_quads(code, of.bits, message + of.number + (first / 8 + group) * of.bits, group * 8 < quads);
    begin += device::kWarp;
  } while (begin < quads);
}

}  // namespace

void qsgd_encode(const QsgdEncode& a, void*, device::Stream stream) {
  const Buckets of(a.problem);
  qsgd_encode_v3_kernel<<<static_cast<unsigned>(device::ceil_div(of.number, kWarps)), kBlock, 0, stream>>>(of, a.draws, a.x, a.message);
  CUDA_LAUNCHED(qsgd_encode_v3_kernel);
}

}  // namespace skewbench::quantize::v3
