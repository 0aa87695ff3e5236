// Levels of images, sixteen bytes a thread, by tables.
//
// Idea       there are 256 bytes and at most 256 levels: a block's threads divide once each to fill a table, and sixteen bytes a thread
//            are looked up. They are one 16-byte access, share four Philox blocks, and stay packed, four levels a register: a
//            multiplication collects or spreads the four bits of a plane
// Mapping    256 threads a block, 4096 bytes; a lane has half a group, two lanes put a word of the message together
// Traffic    the compulsory bytes
// Numerics   image_levels.h, to the bit
// Limits     images 16-byte aligned. A block of 4096 bytes: below some half a million bytes a GPU is not full, and v1 has more blocks
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/image_levels_cuda.h"
#include "kernels/quantize/image_rounding.h"

namespace skewbench::quantize::v2 {
namespace {

constexpr int kBlock = 256;     // one for every entry of a table
constexpr int kOfThread = 16;   // bytes

// The bits 0, 8, 16, 24 of `bytes`, which has no others, as bits 0 .. 3: the products land on 24 .. 27, and no two on one bit.
__device__ uint32_t collected(uint32_t bytes) { return bytes * 0x01020408u >> 24; }
// The way back, for bits 0 .. 3 of `nibble`, which has no others.
__device__ uint32_t spread(uint32_t nibble) { return nibble * 0x00204081u & 0x01010101u; }

// Bytes 16 unit .. 16 unit + 15, zeros behind the last; 16 unit < count.
__device__ void load_sixteen(const uint8_t* images, int64_t unit, int64_t count, uint32_t (&bytes)[4]) {
  if (unit < count / kOfThread) {
    const uint4 all = reinterpret_cast<const uint4*>(images)[unit];
    bytes[0] = all.x, bytes[1] = all.y, bytes[2] = all.z, bytes[3] = all.w;
    return;
  }
  const int rest = static_cast<int>(count % kOfThread);  // [1, 15]
  bytes[0] = images[unit * kOfThread];
#pragma unroll
  for (int c = 1; c < kOfThread - 1; ++c)
    if (c < rest) bytes[c / 4] |= uint32_t{images[unit * kOfThread + c]} << 8 * (c % 4);
}

// Levels of the four bytes in `bytes`, packed as they are.
__device__ uint32_t levels_of(uint32_t bytes, const PhiloxBlock& draw, const LevelOfByte* table) {
  return level_of(table[bytes & 255], draw.a) | level_of(table[bytes >> 8 & 255], draw.b) << 8 |
         level_of(table[bytes >> 16 & 255], draw.c) << 16 | level_of(table[bytes >> 24], draw.d) << 24;
}

__global__ void __launch_bounds__(kBlock) image_levels_encode_v2_kernel(ImageLevels problem, Draws draws, const uint8_t* images, uint32_t* message) {
  __shared__ LevelOfByte table[256];
  table[threadIdx.x] = level_of_byte(problem, static_cast<int32_t>(threadIdx.x));
  __syncthreads();  // the table is filled
  const int64_t unit = int64_t{blockIdx.x} * kBlock + threadIdx.x, group = unit / 2;
  uint32_t levels[4] = {};
  if (unit * kOfThread < problem.count) load_sixteen(images, unit, problem.count, levels);
#pragma unroll
  for (int q = 0; q < 4; ++q) {
    PhiloxBlock draw{};
    if (problem.rounding == Rounding::stochastic) draw = draws.quad(4 * unit + q);
    levels[q] = levels_of(levels[q], draw, table);  // byte 0 is on or below lo: what stands behind the last byte has level 0
  }
  const bool is_upper = threadIdx.x % 2 != 0;
  int p = 0;
#pragma unroll 1
  do {
    uint32_t word = 0;
#pragma unroll
    for (int q = 0; q < 4; ++q) word |= collected(levels[q] >> p & 0x01010101u) << 4 * q;
    const uint32_t other = __shfl_down_sync(0xFFFFFFFFu, word, 1);
    if (!is_upper && group * kGroup < problem.count) message[group * problem.bits + p] = word | other << 16;
  } while (++p < problem.bits);
}

// The thread's sixteen levels, packed four a word; 16 unit < count.
__device__ void load_levels(const ImageLevels& problem, const uint32_t* message, int64_t unit, uint32_t (&levels)[4]) {
  const uint32_t* const words = message + unit / 2 * problem.bits;
  const int shift = unit % 2 ? 16 : 0;
#pragma unroll
  for (int q = 0; q < 4; ++q) levels[q] = 0;
  int p = 0;
#pragma unroll 1
  do {
    const uint32_t half = words[p] >> shift;
#pragma unroll
    for (int q = 0; q < 4; ++q) levels[q] |= spread(half >> 4 * q & 15) << p;
  } while (++p < problem.bits);
}

__global__ void __launch_bounds__(kBlock) image_levels_to_bytes_v2_kernel(ImageLevels problem, const uint32_t* message, uint8_t* images) {
  __shared__ uint8_t table[256];
  table[threadIdx.x] = as_byte(problem, threadIdx.x);
  __syncthreads();  // the table is filled
  const int64_t unit = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (unit * kOfThread >= problem.count) return;
  uint32_t levels[4];
  load_levels(problem, message, unit, levels);
#pragma unroll
  for (int q = 0; q < 4; ++q) {
    const uint32_t of = levels[q];
    levels[q] = table[of & 255] | table[of >> 8 & 255] << 8 | table[of >> 16 & 255] << 16 | uint32_t{table[of >> 24]} << 24;
  }
  if (unit < problem.count / kOfThread) {
    reinterpret_cast<uint4*>(images)[unit] = {levels[0], levels[1], levels[2], levels[3]};
    return;
  }
  const int rest = static_cast<int>(problem.count % kOfThread);  // [1, 15]
  images[unit * kOfThread] = static_cast<uint8_t>(levels[0]);
#pragma unroll
  for (int c = 1; c < kOfThread - 1; ++c)
    if (c < rest) images[unit * kOfThread + c] = static_cast<uint8_t>(levels[c / 4] >> 8 * (c % 4));
}

__global__ void __launch_bounds__(kBlock) image_levels_to_floats_v2_kernel(ImageLevels problem, const uint32_t* message, float* images) {
  __shared__ float table[256];
  table[threadIdx.x] = as_float(problem, threadIdx.x);
  __syncthreads();  // the table is filled
  const int64_t unit = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (unit * kOfThread >= problem.count) return;
  uint32_t levels[4];
  load_levels(problem, message, unit, levels);
#pragma unroll
  for (int q = 0; q < 4; ++q) {
    const uint32_t of = levels[q];
    const int64_t quad = 4 * unit + q;
    if (quad < quads_of(problem.count))
      store_four(images, quad, problem.count, {table[of & 255], table[of >> 8 & 255], table[of >> 16 & 255], table[of >> 24]});
  }
}

unsigned blocks(const ImageLevels& problem) { return static_cast<unsigned>(device::ceil_div(problem.count, kBlock * kOfThread)); }

}  // namespace

void image_levels_encode(const ImageLevelsEncode& a, void*, device::Stream stream) {
  image_levels_encode_v2_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem, a.draws, a.images, a.message);
  CUDA_LAUNCHED(image_levels_encode_v2_kernel);
}

void image_levels_to_bytes(const ImageLevelsToBytes& a, void*, device::Stream stream) {
  image_levels_to_bytes_v2_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem, a.message, a.images);
  CUDA_LAUNCHED(image_levels_to_bytes_v2_kernel);
}

void image_levels_to_floats(const ImageLevelsToFloats& a, void*, device::Stream stream) {
  image_levels_to_floats_v2_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem, a.message, a.images);
  CUDA_LAUNCHED(image_levels_to_floats_v2_kernel);
}

}  // namespace skewbench::quantize::v2
