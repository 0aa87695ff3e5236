// Mirror and crop, one byte a thread.
//
// Idea       gather: each byte of the result finds where it comes from, so nothing needs zeroing first and mirror and crop are
//            one pass
// Mapping    blockIdx.x is an image, 128 threads of a few blocks in y have its bytes in order
// Traffic    compulsory bytes, 1 an access; a warp's 32 neighbours lie in one or two sectors also where the row runs backwards
// Numerics   bytes
// Limits     any pixel size; images of at most 8 MB
#include "kernels/augment/augment_source.cuh"
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"

namespace skewbench::augment::v1 {
namespace {

constexpr int kBlock = 128;

__global__ void augment_v1_kernel(Image image, const uint8_t* __restrict__ images, const Change* __restrict__ changes, uint8_t* __restrict__ out) {
  const int at = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x);  // in the image
  if (at >= image.bytes()) return;
  const int64_t begin = int64_t{blockIdx.x} * image.bytes();
  out[begin + at] = image.changed(images + begin, changes[blockIdx.x], at);
}

}  // namespace

void augment(const Augment& a, void*, device::Stream stream) {
  const dim3 grid{static_cast<unsigned>(a.n), static_cast<unsigned>(device::ceil_div(a.problem.image_bytes(), kBlock))};
  augment_v1_kernel<<<grid, kBlock, 0, stream>>>(Image(a.problem), a.images, a.changes, a.out);
  CUDA_LAUNCHED(augment_v1_kernel);
}

}  // namespace skewbench::augment::v1
