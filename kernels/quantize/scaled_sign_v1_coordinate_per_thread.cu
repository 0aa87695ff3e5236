// Scaled sign with error feedback, one coordinate a thread: messages and back.
//
// Idea       three kernels: a chunk's signs, which need no scale, and its sum of magnitudes; the scale; what is kept. A warp's
//            ballot is a word of the message
// Mapping    signs: a block of 256 threads a chunk of 2048, a thread a lane of ordered_sum.h. Scale: one block. What is kept, and
//            decoding: 256 threads a block, one coordinate each
// Traffic    x and the memory are read twice, 8n bytes more than the minimum; both may still be in the second-level cache
// Numerics   scaled_sign.h and ordered_sum.h, to the bit
// Limits     any problem. 4 bytes an access; v2 has 16
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/ordered_sum.cuh"
#include "kernels/quantize/rounding.h"
#include "kernels/quantize/scaled_sign_cuda.h"

namespace skewbench::quantize::v1 {
namespace {

// signs [ceil(count / 32)]; partials[chunk] = sum of its magnitudes
template <bool kHasMemory>
__global__ void __launch_bounds__(kLanes) scaled_sign_signs_v1_kernel(int64_t count, const float* x, const float* memory, uint32_t* signs,
                                                                      double* partials) {
  __shared__ double of_warps[kWarpsOfBlock];
  const int64_t begin = blockIdx.x * kChunk, end = min(begin + kChunk, count);
  double lane = 0;
  int64_t row = begin;
#pragma unroll 1
  do {
    const int64_t i = row + threadIdx.x;
    float p = 0;
    if (i < end) p = kHasMemory ? x[i] + memory[i] : x[i];
    const uint32_t word = __ballot_sync(kWholeWarp, p < 0);
    if (i % kGroup == 0 && i < end) signs[i / kGroup] = word;
    lane += double(fabsf(p));
    row += kLanes;
  } while (row < end);
  const double sum = tree_of_block(lane, of_warps, Plus());
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

__global__ void __launch_bounds__(kLanes) scaled_sign_scale_v1_kernel(int64_t count, int64_t chunks, const double* partials, uint32_t* message) {
  __shared__ double of_warps[kWarpsOfBlock];
  const double sum = lanes_of_block(chunks, partials, of_warps, Plus());
  if (threadIdx.x == 0) message[0] = scale_bits(static_cast<float>(sum / double(count)));
}

__global__ void __launch_bounds__(kLanes) scaled_sign_keep_v1_kernel(int64_t count, const uint32_t* message, const float* x, float* memory) {
  const int64_t i = int64_t{blockIdx.x} * kLanes + threadIdx.x;
  if (i < count) memory[i] = kept_of_sign(x[i] + memory[i], __uint_as_float(message[0]));
}

__global__ void __launch_bounds__(kLanes) scaled_sign_decode_v1_kernel(int64_t count, const uint32_t* message, float* out, bool add) {
  const int64_t i = int64_t{blockIdx.x} * kLanes + threadIdx.x;
  if (i >= count) return;
  const float scale = __uint_as_float(message[0]);
  const float value = message[1 + i / kGroup] >> (i % kGroup) & 1 ? -scale : scale;
  out[i] = add ? out[i] + value : value;
}

unsigned blocks(int64_t count, int64_t of_block) { return static_cast<unsigned>(device::ceil_div(count, of_block)); }

}  // namespace

void scaled_sign_encode(const ScaledSignEncode& a, void* workspace, device::Stream stream) {
  const int64_t count = a.problem.count, chunks = device::ceil_div(count, kChunk);
  double* const partials = static_cast<double*>(workspace);
  const auto signs = a.memory ? scaled_sign_signs_v1_kernel<true> : scaled_sign_signs_v1_kernel<false>;
  signs<<<static_cast<unsigned>(chunks), kLanes, 0, stream>>>(count, a.x, a.memory, a.message + 1, partials);
  CUDA_LAUNCHED(scaled_sign_signs_v1_kernel);
  scaled_sign_scale_v1_kernel<<<1, lane_threads(chunks), 0, stream>>>(count, chunks, partials, a.message);
  CUDA_LAUNCHED(scaled_sign_scale_v1_kernel);
  if (!a.memory) return;
  scaled_sign_keep_v1_kernel<<<blocks(count, kLanes), kLanes, 0, stream>>>(count, a.message, a.x, a.memory);
  CUDA_LAUNCHED(scaled_sign_keep_v1_kernel);
}

void scaled_sign_decode(const ScaledSignDecode& a, void*, device::Stream stream) {
  const int64_t count = a.problem.count;
  scaled_sign_decode_v1_kernel<<<blocks(count, kLanes), kLanes, 0, stream>>>(count, a.message, a.out, a.add);
  CUDA_LAUNCHED(scaled_sign_decode_v1_kernel);
}

}  // namespace skewbench::quantize::v1
