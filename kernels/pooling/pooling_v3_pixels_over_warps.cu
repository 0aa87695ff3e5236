// Global average pooling with the pixels of an image shared out over the warps of a block.
//
// Idea       v1 and v2 have one thread walk over all pixels: at 8x8 pixels and 32 images of 64 channels that is 2,048 threads with 64
//            dependent additions each. Here eight warps take every eighth pixel and meet in shared memory
// Mapping    blockIdx.x is an image, blockIdx.y 32 of its channels; lane = channel, warp = pixel modulo 8
// Traffic    compulsory bytes: x once, 128 bytes a warp
// Numerics   eight float partial sums a channel, added in the order of the warps, divided once: a shorter chain than one sum
// Limits     the global average, forward; any h, w, c. A last block of few channels leaves lanes idle
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/pooling/pooling_cuda.h"

namespace skewbench::pooling::v3 {
namespace {

constexpr int kWarps = 8;  // with 32 channels each block: 512 threads an image at the 64 channels of a ResNet-20

__global__ void pooling_forward_global_v3_kernel(int64_t pixels, int c_extent, const float* __restrict__ x, float* __restrict__ y) {
  __shared__ float sums[kWarps][device::kWarp];
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const int c = static_cast<int>(blockIdx.y) * device::kWarp + lane;
  if (c < c_extent) {
    const float* const image = x + int64_t{blockIdx.x} * pixels * c_extent + c;
    float sum = 0;
#pragma unroll 1  // six or eight turns at 7x7 and 8x8 pixels
    for (int64_t pixel = warp; pixel < pixels; pixel += kWarps) sum += image[pixel * c_extent];
    sums[warp][lane] = sum;
  }
  __syncthreads();  // the sums of all warps are there
  if (warp > 0 || c >= c_extent) return;
  float total = sums[0][lane];
  for (int other = 1; other < kWarps; ++other) total += sums[other][lane];
  y[int64_t{blockIdx.x} * c_extent + c] = total / static_cast<float>(pixels);
}

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  const Problem& problem = a.problem;
  const dim3 grid{static_cast<unsigned>(a.n), static_cast<unsigned>(device::ceil_div(problem.c, device::kWarp))};
  pooling_forward_global_v3_kernel<<<grid, dim3{device::kWarp, kWarps}, 0, stream>>>(problem.h * problem.w, static_cast<int>(problem.c), a.x, a.y);
  CUDA_LAUNCHED(pooling_forward_global_v3_kernel);
}

}  // namespace skewbench::pooling::v3
