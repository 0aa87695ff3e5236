// The fully connected layer as a matrix product with register tiles.
//
// Idea       an output no longer fetches its own operands: a block loads 64 x 16 pieces of both into shared memory, 16 bytes at
//            a time, and a thread keeps 8 x 4 outputs in registers, so a value loaded from shared memory is used 4 or 8 times
// Mapping    a block computes 64 x 64 outputs with 128 threads (kernels/base/gemm_tile.cuh); a long sum is split over blocks, at
//            least 128 terms each, where there are few tiles (gemm_plan.h)
// Traffic    the left operand is read once per 64 columns, the right one once per 64 rows: (n c ceil(k/64) + k c ceil(n/64)) x 4 bytes
//            forward; the compulsory minimum where n and k are at most 64. A split writes and reads its parts once more
// Numerics   one float accumulator an output and split, a fused multiply-add a product, in ascending order; then the splits in
//            order. Unsplit: v1's bits, but that a sum of -0 becomes 0 where zeros fill the last step
// Limits     every problem below 2^31 blocks. 16-byte loads where the contiguous extent is a multiple of 4 and the array aligned;
//            otherwise 4-byte loads. Beats v1 by reuse; loses to v3, since nothing is multiplied while a step is loaded
#include "kernels/base/gemm_loops.cuh"
#include "kernels/linear/linear_products.cuh"

namespace skewbench::linear::v2 {
namespace {

using gemm::ColumnMajor;
using gemm::kTileSize;
using gemm::RowMajor;
using gemm::Tile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::register_tiles(a, b, depth, target); }
};

__global__ void __launch_bounds__(Tile::kThreads, 3) linear_forward_v2_kernel(Product<gemm::BiasRelu> product) {
  on_block<RowMajor, RowMajor>(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) linear_backward_input_v2_kernel(Product<gemm::Plain> product) {
  on_block<RowMajor, ColumnMajor>(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) linear_backward_weights_v2_kernel(Product<gemm::Accumulate> product) {
  on_block<ColumnMajor, ColumnMajor>(product, kTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_forward_v2_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_forward_v2_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_backward_input_v2_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_backward_input_v2_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_weights(const BackwardWeights& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_backward_weights_v2_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_backward_weights_v2_kernel);
  finish(a, kTileSize, workspace, stream);
}

}  // namespace skewbench::linear::v2
