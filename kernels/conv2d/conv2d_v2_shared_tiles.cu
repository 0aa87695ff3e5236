// Convolution as a matrix product over tiles in shared memory.
//
// Idea       the three directions are matrix products whose operands are found where they lie in their images
//            (conv2d_products.h). A block loads a tile of both operands once; 16 threads use each of its elements
// Mapping    a block computes 16 x 16 outputs with 256 threads; a long sum is split over blocks, at least 128 terms each,
//            where there are few tiles (kernels/base/gemm_plan.h); add_parts() adds the splits
// Traffic    half a byte a multiply-add, a 16th of v1's: the left operand once per 16 columns, the right one once per 16 rows
// Numerics   one float accumulator an output and split, a fused multiply-add a product, in ascending order; then the splits in
//            order. Unsplit, and but for taps on the padding, which multiply zero here, v1's bits. So an infinite or NaN
//            filter value reaches outputs at the edge that do not see it
// Limits     every problem below 2^31 blocks, any alignment. Loses to v3: two shared loads for each multiply-add
#include "kernels/base/gemm_loops.cuh"
#include "kernels/conv2d/conv2d_blocks.cuh"

namespace skewbench::conv2d::v2 {
namespace {

using gemm::kSmallTileSize;
using gemm::SmallTile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::shared_tiles(a, b, depth, target); }
};

__global__ void __launch_bounds__(SmallTile::kThreads) conv2d_forward_v2_kernel(const __grid_constant__ ForwardProduct product) {
  forward_block(product, kSmallTileSize, Loop());
}
__global__ void __launch_bounds__(SmallTile::kThreads) conv2d_backward_input_v2_kernel(const __grid_constant__ InputProduct product) {
  backward_input_block(product, kSmallTileSize, Loop());
}
__global__ void __launch_bounds__(SmallTile::kThreads) conv2d_backward_filter_v2_kernel(const __grid_constant__ FilterProduct product) {
  backward_filter_block(product, kSmallTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kSmallTileSize, workspace);
  conv2d_forward_v2_kernel<<<product.blocks, SmallTile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_forward_v2_kernel);
  finish(a, kSmallTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kSmallTileSize, workspace);
  conv2d_backward_input_v2_kernel<<<product.blocks, SmallTile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_input_v2_kernel);
  finish(a, kSmallTileSize, workspace, stream);
}

void backward_filter(const BackwardFilter& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kSmallTileSize, workspace);
  conv2d_backward_filter_v2_kernel<<<product.blocks, SmallTile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(conv2d_backward_filter_v2_kernel);
  finish(a, kSmallTileSize, workspace, stream);
}

}  // namespace skewbench::conv2d::v2
