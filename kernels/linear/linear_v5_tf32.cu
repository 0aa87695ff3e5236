// The fully connected layer on tensor cores in tf32.
//
// Idea       operands rounded to 11 significant bits on their way from shared memory, one mma.sync a product: three times v4's rate
// Mapping    as v4
// Traffic    as v2
// Numerics   both operands are off by up to 2^-11 of themselves, so a sum by up to (2^-10 + 2^-22) x the sum of the magnitudes,
//            and the float additions; the tests hold it to 8196 epsilon(float), and show that 10 would not do
// Limits     as v2. Never a default: three decimal digits instead of seven
#include "kernels/base/gemm_loops.cuh"
#include "kernels/base/gemm_tensor.cuh"
#include "kernels/base/gemm_tensor.cuh"
#include "kernels/linear/linear_products.cuh"

namespace skewbench::linear::v5 {
namespace {

using gemm::ColumnMajor;
using gemm::kTileSize;
using gemm::RowMajor;
using gemm::Tile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::async_copies<gemm::Tf32Tile>(a, b, depth, target); }
};

__global__ void __launch_bounds__(Tile::kThreads, 4) linear_forward_v5_kernel(Product<gemm::BiasRelu> product) {
  on_block<RowMajor, RowMajor>(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 4) linear_backward_input_v5_kernel(Product<gemm::Plain> product) {
  on_block<RowMajor, ColumnMajor>(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 4) linear_backward_weights_v5_kernel(Product<gemm::Accumulate> product) {
  on_block<ColumnMajor, ColumnMajor>(product, kTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_forward_v5_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_forward_v5_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_backward_input_v5_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_backward_input_v5_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_weights(const BackwardWeights& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_backward_weights_v5_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_backward_weights_v5_kernel);
  finish(a, kTileSize, workspace, stream);
}

}  // namespace skewbench::linear::v5
