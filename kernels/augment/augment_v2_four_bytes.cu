// Mirror and crop, four bytes a thread.
//
// Idea       v1 with one store for four bytes. The four are gathered one by one: a crop moves rows by any number of bytes, so their
//            sources are not aligned, but they lie in one line
// Mapping    blockIdx.x is an image, 128 threads of a few blocks in y have its groups of four bytes in order
// Traffic    compulsory bytes; a quarter of v1's stores
// Numerics   bytes
// Limits     images of a multiple of 4 bytes, out at one: all of 28x28, 32x32 and 224x224 pixels
#include "kernels/augment/augment_source.cuh"
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"

namespace skewbench::augment::v2 {
namespace {

constexpr int kBlock = 128;

__global__ void augment_v2_kernel(Image image, const uint8_t* __restrict__ images, const Change* __restrict__ changes, uchar4* __restrict__ out) {
  const int group = static_cast<int>(blockIdx.y) * kBlock + static_cast<int>(threadIdx.x), groups = image.bytes() / 4;
  if (group >= groups) return;
  const int64_t begin = int64_t{blockIdx.x} * groups;
  const uint8_t* const from = images + 4 * begin;
  const Change change = changes[blockIdx.x];
  const auto byte = [&](int k) { return image.changed(from, change, 4 * group + k); };
  out[begin + group] = {byte(0), byte(1), byte(2), byte(3)};
}

}  // namespace

void augment(const Augment& a, void*, device::Stream stream) {
  const dim3 grid{static_cast<unsigned>(a.n), static_cast<unsigned>(device::ceil_div(a.problem.image_bytes(), 4 * kBlock))};
  augment_v2_kernel<<<grid, kBlock, 0, stream>>>(Image(a.problem), a.images, a.changes, reinterpret_cast<uchar4*>(a.out));
  CUDA_LAUNCHED(augment_v2_kernel);
}

}  // namespace skewbench::augment::v2
