// The random numbers of all coordinates, among which random-k selects.
//
// Idea       a Philox block is four numbers, one 16-byte store
// Mapping    256 threads a block, a quad each
// Traffic    4n bytes written, and read again by every pass of the selection: drawing them anew in each pass would cost more
//            arithmetic than a GPU has for the time of reading them
// Numerics   integers
// Limits     numbers 16-byte aligned, with room for a whole last quad
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/quantize/random_k_cuda.h"

namespace skewbench::quantize::v1 {
namespace {

constexpr int kBlock = 256;

__global__ void __launch_bounds__(kBlock) random_k_numbers_v1_kernel(int64_t quads, Draws draws, uint32_t* numbers) {
  const int64_t quad = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (quad >= quads) return;
  const PhiloxBlock block = draws.quad(quad);
  reinterpret_cast<uint4*>(numbers)[quad] = {block.a, block.b, block.c, block.d};
}

}  // namespace

void draw_numbers(int64_t count, const Draws& draws, uint32_t* numbers, device::Stream stream) {
  const int64_t quads = device::ceil_div(count, 4);
  random_k_numbers_v1_kernel<<<static_cast<unsigned>(device::ceil_div(quads, kBlock)), kBlock, 0, stream>>>(quads, draws, numbers);
  CUDA_LAUNCHED(random_k_numbers_v1_kernel);
}

}  // namespace skewbench::quantize::v1
