// Implicit GEMM with two buffers and asynchronous copies.
//
// Idea       v3 waits for every load. Here cp.async brings the next step into a second buffer, past the registers, while
//            this one is multiplied: one barrier a step instead of two, and the loads' latency hidden behind 512
//            multiply-adds a thread. Zeros of the padding come from cp.async, too: it fills what it does not copy
// Mapping    as v3
// Traffic    as v3
// Numerics   v3's bits
// Limits     as v3. Ahead of v1 to v3 by design, not by measurement; the default
#include "kernels/base/gemm_loops.cuh"
#include "kernels/conv2d/conv2d_blocks.cuh"

namespace skewbench::conv2d::v4 {
namespace {

using gemm::kTileSize;
using gemm::Tile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::async_copies<gemm::RegisterTile>(a, b, depth, target); }
};

__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_forward_v4_kernel(const __grid_constant__ ForwardProduct product) {
  forward_block(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_backward_input_v4_kernel(const __grid_constant__ InputProduct product) {
  backward_input_block(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_backward_filter_v4_kernel(const __grid_constant__ FilterProduct product) {
  backward_filter_block(product, kTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_forward_v4_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_forward_v4_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_backward_input_v4_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_input_v4_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_filter(const BackwardFilter& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_backward_filter_v4_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_filter_v4_kernel);
  finish(a, kTileSize, workspace, stream);
}

}  // namespace skewbench::conv2d::v4
