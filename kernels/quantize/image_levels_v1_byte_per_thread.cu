// Levels of images, one byte a thread.
//
// Idea       a thread divides for its own byte; a warp has a group of 32 levels, and a ballot is a word of the message
// Mapping    256 threads a block, one byte each
// Traffic    the compulsory bytes, one byte an access
// Numerics   image_levels.h, to the bit
// Limits     any problem. Integer divisions by numbers that the compiler does not know, and a Philox block, for every byte
#include "kernels/base/cuda_check.h"
#include "kernels/quantize/bit_planes.cuh"
#include "kernels/quantize/image_levels_cuda.h"
#include "kernels/quantize/image_rounding.h"

namespace skewbench::quantize::v1 {
namespace {

constexpr int kBlock = 256;

__global__ void __launch_bounds__(kBlock) image_levels_encode_v1_kernel(ImageLevels problem, Draws draws, const uint8_t* images, uint32_t* message) {
  const int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x, group = i / kGroup;
  uint32_t level = 0;
  if (i < problem.count) {
    const LevelOfByte of = level_of_byte(problem, images[i]);
    level = level_of(of, problem.rounding == Rounding::stochastic ? draws.of(i) : 0);
  }
  store_group(level, problem.bits, message + group * problem.bits, group * kGroup < problem.count);
}

__device__ uint32_t level_at(const ImageLevels& problem, const uint32_t* message, int64_t i) {
  return load_code(message + i / kGroup * problem.bits, problem.bits, static_cast<int>(i % kGroup));
}

__global__ void __launch_bounds__(kBlock) image_levels_to_bytes_v1_kernel(ImageLevels problem, const uint32_t* message, uint8_t* images) {
  const int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (i < problem.count) images[i] = as_byte(problem, level_at(problem, message, i));
}

__global__ void __launch_bounds__(kBlock) image_levels_to_floats_v1_kernel(ImageLevels problem, const uint32_t* message, float* images) {
  const int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (i < problem.count) images[i] = as_float(problem, level_at(problem, message, i));
}

unsigned blocks(const ImageLevels& problem) { return static_cast<unsigned>(device::ceil_div(problem.count, kBlock)); }

}  // namespace

void image_levels_encode(const ImageLevelsEncode& a, void*, device::Stream stream) {
  image_levels_encode_v1_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem, a.draws, a.images, a.message);
  CUDA_LAUNCHED(image_levels_encode_v1_kernel);
}

void image_levels_to_bytes(const ImageLevelsToBytes& a, void*, device::Stream stream) {
  image_levels_to_bytes_v1_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem, a.message, a.images);
  CUDA_LAUNCHED(image_levels_to_bytes_v1_kernel);
}

void image_levels_to_floats(const ImageLevelsToFloats& a, void*, device::Stream stream) {
  image_levels_to_floats_v1_kernel<<<blocks(a.problem), kBlock, 0, stream>>>(a.problem, a.message, a.images);
  CUDA_LAUNCHED(image_levels_to_floats_v1_kernel);
}

}  // namespace skewbench::quantize::v1
