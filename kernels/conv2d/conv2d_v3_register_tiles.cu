// Implicit GEMM with register tiles and 16-byte accesses.
//
// Idea       v2 loads two shared values for each multiply-add. Here a thread keeps 8 x 4 outputs in registers and loads 12 x 4
//            values with 12 instructions for 128 multiply-adds; global loads and all shared accesses are 16 bytes wide
// Mapping    a block computes 64 x 64 outputs with 128 threads, 16 terms of the sum at a time (kernels/base/gemm_tile.cuh);
//            splits as v2
// Traffic    an eighth of a byte a multiply-add, a quarter of v2's: forward, x is asked for r s ceil(k / 64) times (most of it out
//            of the caches), the filter ceil(pixels / 64) times; the gradients likewise with their operands
// Numerics   as v2, the same order
// Limits     every problem below 2^31 blocks. 16-byte loads where the contiguous channels of an operand are a multiple of 4 and the
//            array aligned; otherwise 4-byte loads with a division of the tap each, as in first layers with 1 or 3 channels.
//            Loses to v4: nothing is multiplied while a step is loaded
#include "kernels/base/gemm_loops.cuh"
#include "kernels/conv2d/conv2d_blocks.cuh"

namespace skewbench::conv2d::v3 {
namespace {

using gemm::kTileSize;
using gemm::Tile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::register_tiles(a, b, depth, target); }
};

__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_forward_v3_kernel(const __grid_constant__ ForwardProduct product) {
  forward_block(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_backward_input_v3_kernel(const __grid_constant__ InputProduct product) {
  backward_input_block(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_backward_filter_v3_kernel(const __grid_constant__ FilterProduct product) {
  backward_filter_block(product, kTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_forward_v3_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_forward_v3_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_backward_input_v3_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_input_v3_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_filter(const BackwardFilter& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_backward_filter_v3_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_filter_v3_kernel);
  finish(a, kTileSize, workspace, stream);
}

}  // namespace skewbench::conv2d::v3
