// The fully connected layer with two buffers and asynchronous copies.
//
// Idea       v2 waits for every load. Here cp.async brings the next step into a second buffer, past the registers, while
//            this one is multiplied: one barrier a step instead of two, and the loads' latency hidden behind 512 multiply-adds
// Mapping    as v2
// Traffic    as v2
// Numerics   v2's bits
// Limits     as v2. Ahead of v1 and v2 by design, not by measurement; the default
#include "kernels/base/gemm_loops.cuh"
#include "kernels/linear/linear_products.cuh"

namespace skewbench::linear::v3 {
namespace {

using gemm::ColumnMajor;
using gemm::kTileSize;
using gemm::RowMajor;
using gemm::Tile;

struct Loop {
  template <class A, class B, class Target>
  __device__ void operator()(const A& a, const B& b, int depth, const Target& target) const { gemm::async_copies<gemm::RegisterTile>(a, b, depth, target); }
};

__global__ void __launch_bounds__(Tile::kThreads, 3) linear_forward_v3_kernel(Product<gemm::BiasRelu> product) {
  on_block<RowMajor, RowMajor>(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) linear_backward_input_v3_kernel(Product<gemm::Plain> product) {
  on_block<RowMajor, ColumnMajor>(product, kTileSize, Loop());
}
__global__ void __launch_bounds__(Tile::kThreads, 3) linear_backward_weights_v3_kernel(Product<gemm::Accumulate> product) {
  on_block<ColumnMajor, ColumnMajor>(product, kTileSize, Loop());
}

}  // namespace

void forward(const Forward& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_forward_v3_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_forward_v3_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_input(const BackwardInput& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_backward_input_v3_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_backward_input_v3_kernel);
  finish(a, kTileSize, workspace, stream);
}

void backward_weights(const BackwardWeights& a, void* workspace, device::Stream stream) {
  const auto product = product_of(a, kTileSize, workspace);
  linear_backward_weights_v3_kernel<<<product.blocks, Tile::kThreads, 0, stream>>>(product);
  CUDA_LAUNCHED(linear_backward_weights_v3_kernel);
  finish(a, kTileSize, workspace, stream);
}

}  // namespace skewbench::linear::v3
