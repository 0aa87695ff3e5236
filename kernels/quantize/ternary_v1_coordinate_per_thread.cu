// TernGrad, one coordinate a thread.
//
// Idea       scale: deviations from the first coordinate, whose sum and squares give the variance in one pass over x. Encode: a
//            warp has a group of 32 codes, and its two ballots are the group's words
// Mapping    scale: a block of 256 threads a chunk of 2048, a thread a lane of ordered_sum.h; then one block for all chunks. Encode:
//            256 threads a block, one coordinate each
// Traffic    the compulsory bytes, and 16 a chunk for the scale
// Numerics   ternary.h and ordered_sum.h, to the bit
// Limits     any problem. A Philox block for every coordinate; v2 has one for four
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/ternary.cuh"
#include "kernels/quantize/ternary_cuda.h"

namespace skewbench::quantize::v1 {
namespace {

__global__ void __launch_bounds__(kLanes) ternary_shares_v1_kernel(int64_t count, bool is_clipped, const float* x, double* partials) {
  __shared__ double of_warps[2][kWarpsOfBlock];
  const int64_t begin = blockIdx.x * kChunk, end = min(begin + kChunk, count);
  const float first = x[0];
  Shares lane{};
#pragma unroll 1
  for (int64_t i = begin + threadIdx.x; i < end; i += kLanes) lane.add(x[i], first, is_clipped);
  store_chunk(lane, is_clipped, gridDim.x, partials, of_warps);
}

__global__ void __launch_bounds__(kLanes) ternary_scale_v1_kernel(int64_t count, float clip, bool is_clipped, int64_t chunks,
                                                                  const double* partials, float* scale) {
  __shared__ double of_warps[2][kWarpsOfBlock];
  const uint32_t bits = ternary_scale_bits(count, clip, is_clipped, chunks, partials, of_warps);
  if (threadIdx.x == 0) *scale = __uint_as_float(bits);
}

__global__ void __launch_bounds__(kLanes) ternary_encode_v1_kernel(int64_t count, Draws draws, const float* x, const float* limit,
                                                                   const float* scale, uint32_t* message) {
  const int64_t i = int64_t{blockIdx.x} * kLanes + threadIdx.x, group = i / kGroup;
  const uint32_t bits = agreed_scale_bits(*limit, *scale);
  if (i == 0) message[0] = bits;
  const float agreed = __uint_as_float(bits);
  const uint32_t code = i < count && agreed > 0 ? ternary_code(x[i], *limit, agreed, draws.of(i)) : 0;
  store_group(code, 2, message + 1 + group * 2, group * kGroup < count);
}

}  // namespace

void ternary_scale(const TernaryScale& a, void* workspace, device::Stream stream) {
  const int64_t chunks = device::ceil_div(a.problem.count, kChunk);
  double* const partials = static_cast<double*>(workspace);
  ternary_shares_v1_kernel<<<static_cast<unsigned>(chunks), kLanes, 0, stream>>>(a.problem.count, is_clipped(a.problem), a.x, partials);
  CUDA_LAUNCHED(ternary_shares_v1_kernel);
  ternary_scale_v1_kernel<<<1, lane_threads(chunks), 0, stream>>>(a.problem.count, a.problem.clip, is_clipped(a.problem), chunks, partials, a.scale);
  CUDA_LAUNCHED(ternary_scale_v1_kernel);
}

void ternary_encode(const TernaryEncode& a, void*, device::Stream stream) {
  const unsigned blocks = static_cast<unsigned>(device::ceil_div(a.problem.count, kLanes));
  ternary_encode_v1_kernel<<<blocks, kLanes, 0, stream>>>(a.problem.count, a.draws, a.x, a.limit, a.scale, a.message);
  CUDA_LAUNCHED(ternary_encode_v1_kernel);
}

}  // namespace skewbench::quantize::v1
