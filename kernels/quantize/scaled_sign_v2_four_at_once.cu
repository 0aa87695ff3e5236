// Scaled sign with error feedback, four coordinates a thread.
//
// Idea       four neighbouring coordinates are one 16-byte access; eight lanes put their four signs together to a word by shuffles
// Mapping    signs: a block of 64 threads a chunk of 2048, thread t has lanes 4t .. 4t + 3 of ordered_sum.h. Scale: one block. What is
//            kept, and decoding: 256 threads a block, a quad each
// Traffic    as v1: x and the memory twice
// Numerics   scaled_sign.h and ordered_sum.h, to the bit
// Limits     x, memory and out 16-byte aligned
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/ordered_sum.cuh"
#include "kernels/quantize/rounding.h"
#include "kernels/quantize/scaled_sign_cuda.h"

namespace skewbench::quantize::v2 {
namespace {

constexpr int kBlock = 256;
constexpr int kQuads = kLanes / 4;  // threads of a chunk

__device__ float4 sum(float4 a, float4 b) { return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w}; }

// signs [ceil(count / 32)]; partials[chunk] = sum of its magnitudes
template <bool kHasMemory>
__global__ void __launch_bounds__(kQuads) scaled_sign_signs_v2_kernel(int64_t count, const float* x, const float* memory, uint32_t* signs,
                                                                      double* partials) {
  __shared__ double of_warps[kWarpsOfBlock];
  const int64_t begin = blockIdx.x * kChunk, end = min(begin + kChunk, count);
  double lane[4] = {};
  int64_t row = begin;
#pragma unroll 1
  do {
    const int64_t quad = row / 4 + threadIdx.x, group = quad / 8;
    float4 p{};
    if (quad < quads_of(end)) {
      p = load_four(x, quad, count);
      if (kHasMemory) p = sum(p, load_four(memory, quad, count));
    }
    const uint32_t code[4] = {p.x < 0, p.y < 0, p.z < 0, p.w < 0};
    store_quads(code, 1, signs + group, group * kGroup < end);
    lane[0] += double(fabsf(p.x)), lane[1] += double(fabsf(p.y)), lane[2] += double(fabsf(p.z)), lane[3] += double(fabsf(p.w));
    row += kLanes;
  } while (row < end);
  const double of_chunk = tree_of_block((lane[0] + lane[1]) + (lane[2] + lane[3]), of_warps, Plus());
  if (threadIdx.x == 0) partials[blockIdx.x] = of_chunk;
}

__global__ void __launch_bounds__(kLanes) scaled_sign_scale_v2_kernel(int64_t count, int64_t chunks, const double* partials, uint32_t* message) {
  __shared__ double of_warps[kWarpsOfBlock];
  const double of_all = lanes_of_block(chunks, partials, of_warps, Plus());
  if (threadIdx.x == 0) message[0] = scale_bits(static_cast<float>(of_all / double(count)));
}

__global__ void __launch_bounds__(kBlock) scaled_sign_keep_v2_kernel(int64_t count, const uint32_t* message, const float* x, float* memory) {
  const int64_t quad = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (quad >= quads_of(count)) return;
  const float4 p = sum(load_four(x, quad, count), load_four(memory, quad, count));
  const float scale = __uint_as_float(message[0]);
  store_four(memory, quad, count, {kept_of_sign(p.x, scale), kept_of_sign(p.y, scale), kept_of_sign(p.z, scale), kept_of_sign(p.w, scale)});
}

__global__ void __launch_bounds__(kBlock) scaled_sign_decode_v2_kernel(int64_t count, const uint32_t* message, float* out, bool add) {
  const int64_t quad = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (quad >= quads_of(count)) return;
  const float scale = __uint_as_float(message[0]);
  const uint32_t signs = message[1 + quad / 8] >> (quad % 8 * 4);
  const float4 value{signs & 1 ? -scale : scale, signs & 2 ? -scale : scale, signs & 4 ? -scale : scale, signs & 8 ? -scale : scale};
  store_four(out, quad, count, value, add);
}

unsigned quad_blocks(int64_t count) { return static_cast<unsigned>(device::ceil_div(count, 4 * kBlock)); }

}  // namespace

void scaled_sign_encode(const ScaledSignEncode& a, void* workspace, device::Stream stream) {
  const int64_t count = a.problem.count, chunks = device::ceil_div(count, kChunk);
  double* const partials = static_cast<double*>(workspace);
  const auto signs = a.memory ? scaled_sign_signs_v2_kernel<true> : scaled_sign_signs_v2_kernel<false>;
  signs<<<static_cast<unsigned>(chunks), kQuads, 0, stream>>>(count, a.x, a.memory, a.message + 1, partials);
  CUDA_LAUNCHED(scaled_sign_signs_v2_kernel);
  scaled_sign_scale_v2_kernel<<<1, lane_threads(chunks), 0, stream>>>(count, chunks, partials, a.message);
  CUDA_LAUNCHED(scaled_sign_scale_v2_kernel);
  if (!a.memory) return;
  scaled_sign_keep_v2_kernel<<<quad_blocks(count), kBlock, 0, stream>>>(count, a.message, a.x, a.memory);
  CUDA_LAUNCHED(scaled_sign_keep_v2_kernel);
}

void scaled_sign_decode(const ScaledSignDecode& a, void*, device::Stream stream) {
  scaled_sign_decode_v2_kernel<<<quad_blocks(a.problem.count), kBlock, 0, stream>>>(a.problem.count, a.message, a.out, a.add);
  CUDA_LAUNCHED(scaled_sign_decode_v2_kernel);
}

}  // namespace skewbench::quantize::v2
