// Implicit GEMM on tensor cores with float32's accuracy.
//
// Idea       an operand is the sum of two tf32, high + low, and a product three mma.sync: low x high, high x low, high x high.
//            A third of v5's rate is still some 2.5 times that of the FMA units, by the documented peaks
// Mapping    as v5
// Traffic    as v3
// Numerics   a product is off by at most 3 x 2^-22 of itself, and sums are in float: steps of 16 terms by the tensor cores, added up
//            rounded to nearest. The tests hold it to 10 epsilon(float) x the sum of the magnitudes, where v1 to v4 keep 4.
//            An infinity gives NaN
// Limits     as v3. No default until a GPU has shown where it wins
#include "kernels/base/gemm_loops.cuh"
#include "kernels/base/gemm_tensor.cuh"
#include "kernels/conv2d/conv2d_blocks.cuh"

namespace skewbench::conv2d::v6 {
namespace {

using gemm::kTileSize;
using gemm::Tile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::async_copies<gemm::ThreeTf32Tile>(a, b, depth, target); }
};

__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_forward_v6_kernel(const __grid_constant__ ForwardProduct product) {
  forward_block(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_backward_input_v6_kernel(const __grid_constant__ InputProduct product) {
  backward_input_block(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) conv2d_backward_filter_v6_kernel(const __grid_constant__ FilterProduct product) {
  backward_filter_block(product, kTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_forward_v6_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_forward_v6_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_backward_input_v6_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_input_v6_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_filter(const BackwardFilter& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  conv2d_backward_filter_v6_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_filter_v6_kernel);
  finish(a, kTileSize, workspace, stream);
}

}  // namespace skewbench::conv2d::v6
