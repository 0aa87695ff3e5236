// The fully connected layer on tensor cores with float32's accuracy.
//
// Idea       an operand is the sum of two tf32, high + low, and a product three mma.sync: low x high, high x low, high x high.
//            A third of the tensor cores' tf32 rate is still 2.5 times (H100) to 2.7 times (A100) that of the FMA units,
//            by the documented peaks
// Mapping    as v3; a warp computes 32 x 32 outputs (kernels/base/gemm_tensor.cuh)
// Traffic    as v2
// Numerics   a product is off by at most 3 x 2^-22 of itself, and sums are in float: steps of 16 terms by the tensor cores, added up
//            rounded to nearest. The tests hold it to 10 epsilon(float) x the sum of the magnitudes, where v1 to v3 keep 4.
//            An infinity gives NaN
// Limits     as v2. No default until a GPU has shown where it wins
#include "kernels/base/gemm_loops.cuh"
#include "kernels/base/gemm_tensor.cuh"
#include "kernels/linear/linear_products.cuh"

namespace skewbench::linear::v4 {
namespace {

using gemm::ColumnMajor;
using gemm::kTileSize;
using gemm::RowMajor;
using gemm::Tile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::async_copies<gemm::ThreeTf32Tile>(a, b, depth, target); }
};

__global__ void __launch_bounds__(Tile::kThreads, 3) linear_forward_v4_kernel(Product<gemm::BiasRelu> product) {
  on_block<RowMajor, RowMajor>(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) linear_backward_input_v4_kernel(Product<gemm::Plain> product) {
  on_block<RowMajor, ColumnMajor>(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) linear_backward_weights_v4_kernel(Product<gemm::Accumulate> product) {
  on_block<ColumnMajor, ColumnMajor>(product, kTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_forward_v4_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_forward_v4_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_backward_input_v4_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_backward_input_v4_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_weights(const BackwardWeights& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_backward_weights_v4_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_backward_weights_v4_kernel);
  finish(a, kTileSize, workspace, stream);
}

}  // namespace skewbench::linear::v4
