// The kernels' parameters of the three products, and the views of a block. See linear_products.h.
#pragma once

#include "kernels/base/cuda_check.h"
#include "kernels/base/gemm_operands.cuh"
#include "kernels/base/launch.h"
#include "kernels/linear/linear_products.h"

namespace skewbench::linear {

template <class FinishType>
struct Product {
  using Finish = FinishType;
  const float* a;
  const float* b;
  int64_t rows, columns, depth;
  bool a_by_four, b_by_four;
  gemm::Grid grid;
  gemm::Output<Finish> out;
  unsigned blocks;
};

/// Runs loop(a, b, depth, target) on the views of the calling block. A and B: RowMajor or ColumnMajor.
template <class A, class B, class Finish, class Loop>
__device__ void on_block(const Product<Finish>& product, gemm::TileSize tile, Loop loop) {
  const gemm::Place place(product.grid);
  const int64_t row = place.row_tile * tile.rows, column = place.column_tile * tile.columns, k = int64_t{place.split} * product.grid.split_depth;
  const int64_t end = k + product.grid.split_depth < product.depth ? k + product.grid.split_depth : product.depth;
  const A a(product.a, A::kAlongDepth ? product.depth : product.rows, row, product.rows, k, end, product.a_by_four);
  const B b(product.b, B::kAlongDepth ? product.depth : product.columns, column, product.columns, k, end, product.b_by_four);
  const gemm::Target target(product.out, gemm::DenseRows(row, product.rows, product.columns), place.split, column, product.columns);
  loop(a, b, static_cast<int>(end - k), target);
}

/// Four neighbours along an extent of `size` are always 16 aligned bytes.
inline bool by_four(const float* data, int64_t size) { return size % 4 == 0 && device::is_aligned(data); }

template <class Arguments, class Finish>
Product<Finish> with_plan(const Arguments& a, gemm::TileSize tile, void* workspace, Product<Finish> product, const float* bias = nullptr) {
  const gemm::Plan cut = plan(a, tile);
  product.grid = cut.grid();
  product.blocks = static_cast<unsigned>(cut.blocks());
  product.out.parts = cut.splits > 1 ? static_cast<float*>(workspace) : nullptr;
  product.out.part_pitch = device::part_pitch(outputs(a));
  product.out.by_four = by_four(product.out.data, product.columns) && device::is_aligned(bias);
  return product;
}

inline Product<gemm::BiasRelu> product_of(const Forward& a, gemm::TileSize tile, void* workspace) {
  const auto [c, k] = a.problem;
  return with_plan(a, tile, workspace, Product<gemm::BiasRelu>{a.x, a.weights, a.n, k, c, by_four(a.x, c), by_four(a.weights, c), {}, {a.y, {}, {}, {}, {a.bias, a.relu}}, 0}, a.bias);
}
inline Product<gemm::Plain> product_of(const BackwardInput& a, gemm::TileSize tile, void* workspace) {
  const auto [c, k] = a.problem;
  return with_plan(a, tile, workspace, Product<gemm::Plain>{a.dy, a.weights, a.n, c, k, by_four(a.dy, k), by_four(a.weights, c), {}, {a.dx, {}, {}, {}, {}}, 0});
}
inline Product<gemm::Accumulate> product_of(const BackwardWeights& a, gemm::TileSize tile, void* workspace) {
  const auto [c, k] = a.problem;
  return with_plan(a, tile, workspace, Product<gemm::Accumulate>{a.dy, a.x, k, c, a.n, by_four(a.dy, k), by_four(a.x, c), {}, {a.dweights, {}, {}, {}, {a.accumulate}}, 0});
}

/// After the product's kernel: adds the parts, if there are any.
inline device::PartSum part_sum(const gemm::Plan& cut, int64_t size, void* workspace, float* out) {
  return {.parts = static_cast<const float*>(workspace), .count = cut.splits, .size = size, .out = out};
}
inline void finish(const Forward& a, gemm::TileSize tile, void* workspace, device::Stream stream) {
  const gemm::Plan cut = plan(a, tile);
  if (cut.splits == 1) return;
  device::PartSum sum = part_sum(cut, outputs(a), workspace, a.y);
  sum.columns = a.problem.k, sum.bias = a.bias, sum.relu = a.relu;
  device::add_parts(sum, stream);
}
inline void finish(const BackwardInput& a, gemm::TileSize tile, void* workspace, device::Stream stream) {
  const gemm::Plan cut = plan(a, tile);
  if (cut.splits > 1) device::add_parts(part_sum(cut, outputs(a), workspace, a.dx), stream);
}
/// And the bias gradient.
inline void finish(const BackwardWeights& a, gemm::TileSize tile, void* workspace, device::Stream stream) {
  const gemm::Plan cut = plan(a, tile);
  if (cut.splits > 1) {
    device::PartSum sum = part_sum(cut, outputs(a), workspace, a.dweights);
    sum.accumulate = a.accumulate;
    device::add_parts(sum, stream);
  }
  bias_gradient(a, workspace, parts_bytes(a, tile), stream);
}

}  // namespace skewbench::linear
