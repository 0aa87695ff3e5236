// QSGD, one coordinate a thread: messages and back.
//
// Idea       three kernels: the norm's share of every chunk of 2048 coordinates, a bucket's scale from its chunks, then levels,
//            where a warp has a group of 32 codes and a ballot is a word of the message
// Mapping    norms: a block a chunk, a thread a lane of ordered_sum.h, 32 to 256 threads. Scales: a block a bucket. Levels and
//            decoding: 256 threads a block, one coordinate each
// Traffic    encode reads x twice and a double a chunk twice, where the minimum reads x once; decode the compulsory bytes
// Numerics   qsgd.h and ordered_sum.h, to the bit
// Limits     any problem. A coordinate's thread computes a Philox block of four numbers and uses one of them; v2 uses all four.
//            A block of 32 threads for a bucket of 32 leaves most of a multiprocessor idle; v3 has a warp there
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/qsgd.cuh"
#include "kernels/quantize/qsgd_cuda.h"

namespace skewbench::quantize::v1 {
namespace {

constexpr int kBlock = 256;  // threads for levels: eight groups

// partials[chunk] = sum or maximum of the chunk's shares
__global__ void __launch_bounds__(kLanes) qsgd_norm_v1_kernel(Buckets of, const float* x, double* partials) {
  __shared__ double of_warps[kWarpsOfBlock];
  const auto range = of.range(blockIdx.x);
  const double shares = with_norm(of.is_maximum, [&](auto combine) {
    double lane = 0;
#pragma unroll 1
    for (int64_t i = range.begin + threadIdx.x; i < range.end; i += kLanes) lane = combine(lane, share(x[i], of.is_maximum));
    return tree_of_block(lane, of_warps, combine);
  });
  if (threadIdx.x == 0) partials[blockIdx.x] = shares;
}

// message[bucket] = its scale
__global__ void __launch_bounds__(kLanes) qsgd_scale_v1_kernel(Buckets of, const double* partials, uint32_t* message) {
  __shared__ double of_warps[kWarpsOfBlock];
  const double shares = with_norm(of.is_maximum, [&](auto combine) {
    return lanes_of_block(of.parts, partials + int64_t{blockIdx.x} * of.parts, of_warps, combine);
  });
  if (threadIdx.x == 0) message[blockIdx.x] = scale_of(shares, of.is_maximum);
}

__global__ void __launch_bounds__(kBlock) qsgd_encode_v1_kernel(Buckets of, Draws draws, const float* x, uint32_t* message) {
  const int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x, group = i / kGroup;
  uint32_t code = 0;
  if (i < of.count) {
    const float scale = __uint_as_float(message[i / of.bucket]), v = x[i];
    if (scale > 0) code = signed_code(v, stochastic_level(fabsf(v), scale, of.levels, draws.of(i)));
  }
  store_group(code, of.bits, message + of.number + group * of.bits, group * kGroup < of.count);
}

__global__ void __launch_bounds__(kBlock) qsgd_decode_v1_kernel(Buckets of, const uint32_t* message, float* out, bool add) {
  const int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (i >= of.count) return;
  const uint32_t code = load_code(message + of.number + i / kGroup * of.bits, of.bits, static_cast<int>(i % kGroup));
  const float value = decoded(code, __uint_as_float(message[i / of.bucket]), of.levels);
  out[i] = add ? out[i] + value : value;
}

}  // namespace

void qsgd_encode(const QsgdEncode& a, void* workspace, device::Stream stream) {
  const Buckets of(a.problem);
  double* const partials = static_cast<double*>(workspace);
  qsgd_norm_v1_kernel<<<of.chunks(), lane_threads(of.bucket), 0, stream>>>(of, a.x, partials);
  CUDA_LAUNCHED(qsgd_norm_v1_kernel);
  qsgd_scale_v1_kernel<<<static_cast<unsigned>(of.number), lane_threads(of.parts), 0, stream>>>(of, partials, a.message);
  CUDA_LAUNCHED(qsgd_scale_v1_kernel);
  const unsigned blocks = static_cast<unsigned>(device::ceil_div(of.count, kBlock));
  qsgd_encode_v1_kernel<<<blocks, kBlock, 0, stream>>>(of, a.draws, a.x, a.message);
  CUDA_LAUNCHED(qsgd_encode_v1_kernel);
}

void qsgd_decode(const QsgdDecode& a, void*, device::Stream stream) {
  const Buckets of(a.problem);
  const unsigned blocks = static_cast<unsigned>(device::ceil_div(of.count, kBlock));
  qsgd_decode_v1_kernel<<<blocks, kBlock, 0, stream>>>(of, a.message, a.out, a.add);
  CUDA_LAUNCHED(qsgd_decode_v1_kernel);
}

}  // namespace skewbench::quantize::v1
