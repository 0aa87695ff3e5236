// The parameters of the three kernels of a version, and what a block of theirs does: find its views, run the version's loop on
// them. A version is a loop and a tile.
#pragma once

#include "kernels/base/cuda_check.h"
#include "kernels/conv2d/conv2d_views.cuh"

namespace skewbench::conv2d {

/// a and b: x and filter, dy and filter, dy and x.
template <class Finish>
struct Product {
  Shape shape;
  int64_t n;
  const float* a;
  const float* b;
  bool a_by_four, b_by_four;
  gemm::Output<Finish> out;
  gemm::Grid grid;
  unsigned blocks;
};
using ForwardProduct = Product<gemm::BiasRelu>;
using InputProduct = Product<gemm::Plain>;
using FilterProduct = Product<gemm::Accumulate>;

/// Four neighbours along an extent of `size` are always 16 aligned bytes.
inline bool by_four(const float* data, int64_t size) { return size % 4 == 0 && device::is_aligned(data); }

template <class Arguments, class Finish>
Product<Finish> product_of(const Arguments& a, gemm::TileSize tile, void* workspace, const float* left, bool left_by_four, const float* right,
                           bool right_by_four, float* out, bool out_by_four, Finish finish) {
  const gemm::Plan cut = plan(a, tile);
  float* const parts = cut.splits > 1 ? static_cast<float*>(workspace) : nullptr;
  return {Shape(a.problem), a.n, left, right, left_by_four, right_by_four, {out, parts, device::part_pitch(outputs(a)), out_by_four, finish}, cut.grid(),
          static_cast<unsigned>(cut.blocks())};
}
inline ForwardProduct product_of(const Forward& a, gemm::TileSize tile, void* workspace) {
  const int64_t c = a.problem.c, k = a.problem.k;
  return product_of(a, tile, workspace, a.x, by_four(a.x, c), a.filter, by_four(a.filter, c), a.y, by_four(a.y, k) && device::is_aligned(a.bias), gemm::BiasRelu{a.bias, a.relu});
}
inline InputProduct product_of(const BackwardInput& a, gemm::TileSize tile, void* workspace) {
  const int64_t c = a.problem.c, k = a.problem.k;
  return product_of(a, tile, workspace, a.dy, by_four(a.dy, k), a.filter, by_four(a.filter, c), a.dx, by_four(a.dx, c), gemm::Plain{});
}
inline FilterProduct product_of(const BackwardFilter& a, gemm::TileSize tile, void* workspace) {
  const int64_t c = a.problem.c, k = a.problem.k;
  return product_of(a, tile, workspace, a.dy, by_four(a.dy, k), a.x, by_four(a.x, c), a.dfilter, by_four(a.dfilter, c), gemm::Accumulate{a.accumulate});
}

/// y: rows are pixels, columns output channels, the depth taps.
template <class Loop>
__device__ void forward_block(const ForwardProduct& product, gemm::TileSize tile, Loop loop) {
  const Shape& shape = product.shape;
  const gemm::Place place(product.grid);
  const int64_t pixels = product.n * (shape.p * shape.q), pixel = place.row_tile * tile.rows, channel = place.column_tile * tile.columns;
  const int taps = shape.r * shape.s * shape.c, first = static_cast<int>(place.split) * product.grid.split_depth;
  const int end = min(first + product.grid.split_depth, taps);
  const PatchRows x(Patches(shape, product.a, pixel, pixels, first, end), product.a_by_four);
  const gemm::RowMajor filter(product.b, taps, channel, shape.k, first, end, product.b_by_four);
  loop(x, filter, end - first, gemm::Target(product.out, gemm::DenseRows(pixel, pixels, shape.k), place.split, channel, shape.k));
}

/// dx: rows are the pixels of one part, columns input channels, the depth the part's taps.
template <class Loop>
__device__ void backward_input_block(const InputProduct& product, gemm::TileSize tile, Loop loop) {
  const Shape& shape = product.shape;
  const gemm::Place place(product.grid);
  const Part part(shape, static_cast<int>(place.part));
  const int64_t pixel = place.row_tile * tile.rows;
  const int channel = static_cast<int>(place.column_tile * tile.columns);
  if (pixel >= product.n * (part.rows * part.columns)) return;  // the grid has as many blocks as the largest part
  const int first = static_cast<int>(place.split) * product.grid.split_depth, left = part.tap_rows * part.tap_columns * shape.k - first;
  const PartPixels pixels(part, pixel, product.n);
  const PartTaps taps(shape, part, first);
  const GradientRows dy(shape, part, pixels, taps, product.a, product.a_by_four);
  const FilterColumns filter(shape, part, taps, product.b, channel, product.b_by_four);
  // A part without taps, or one whose taps end before this split, is one step of zeros.
  const int depth = max(1, min(left, product.grid.split_depth));
  loop(dy, filter, depth, gemm::Target(product.out, PartRows(shape, part, pixels), place.split, channel, shape.c));
}

/// dfilter: rows are output channels, columns taps, the depth pixels.
template <class Loop>
__device__ void backward_filter_block(const FilterProduct& product, gemm::TileSize tile, Loop loop) {
  const Shape& shape = product.shape;
  const gemm::Place place(product.grid);
  const int64_t pixels = product.n * (shape.p * shape.q), channel = place.row_tile * tile.rows;
  const int taps = shape.r * shape.s * shape.c, tap = static_cast<int>(place.column_tile * tile.columns);
  const int64_t first = int64_t{place.split} * product.grid.split_depth, end = min(first + product.grid.split_depth, pixels);
  const gemm::ColumnMajor dy(product.a, shape.k, channel, shape.k, first, end, product.a_by_four);
  const PatchColumns x(Patches(shape, product.b, first, end, tap, taps), product.b_by_four);
  loop(dy, x, static_cast<int>(end - first), gemm::Target(product.out, gemm::DenseRows(channel, shape.k, taps), place.split, tap, taps));
}

/// After the product's kernel: adds the parts of a split product, and computes the bias gradient.
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
inline void finish(const BackwardFilter& a, gemm::TileSize tile, void* workspace, device::Stream stream) {
  const gemm::Plan cut = plan(a, tile);
  if (cut.splits > 1) {
    device::PartSum sum = part_sum(cut, outputs(a), workspace, a.dfilter);
    sum.accumulate = a.accumulate;
    device::add_parts(sum, stream);
  }
  bias_gradient(a, workspace, parts_bytes(a, tile), stream);
}

}  // namespace skewbench::conv2d
