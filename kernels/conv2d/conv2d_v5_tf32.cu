// Implicit GEMM on tensor cores in tf32.
//
// Idea       operands rounded to 11 significant bits on their way from shared memory to mma.sync, whose rate is 7 (H100) to
//            8 (A100) times that of the FMA units, by the documented peaks
// Mapping    as v4; a warp computes 32 x 32 outputs (kernels/base/gemm_tensor.cuh)
// Traffic    as v3
// Numerics   both operands are off by up to 2^-11 of themselves, so a sum by up to (2^-10 + 2^-22) x the sum of the magnitudes,
//            and the float additions; the tests hold it to 8196 epsilon(float), and show that 10 would not do
// Limits     as v3. Never a default: three decimal digits instead of seven
#include "kernels/base/gemm_loops.cuh"
#include "kernels/base/gemm_tensor.cuh"
#include "kernels/conv2d/conv2d_blocks.cuh"

namespace skewbench::conv2d::v5 {
namespace {

using gemm::kTileSize;
using gemm::Tile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::async_copies<gemm::Tf32Tile>(a, b, depth, target); }
};

__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_forward_v5_kernel(const __grid_constant__ ForwardProduct product) {
  forward_block(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_backward_input_v5_kernel(const __grid_constant__ InputProduct product) {
  backward_input_block(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_backward_filter_v5_kernel(const __grid_constant__ FilterProduct product) {
  backward_filter_block(product, kTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_forward_v5_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_forward_v5_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_backward_input_v5_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_input_v5_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_filter(const BackwardFilter& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_backward_filter_v5_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_filter_v5_kernel);
  finish(a, kTileSize, workspace, stream);
}

}  // namespace skewbench::conv2d::v5
