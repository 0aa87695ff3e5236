// The operands and the target of a matrix product C[row, column] = sum over k of A[row, k] * B[column, k].
//
// An operand says where its element (row, k) lies; for B a row is a column of C. All three products of a layer, and all
// three directions of a convolution, are the same loops over different operands. An operand has
//   kAlongDepth      whether neighbours in memory are neighbours in k (otherwise: in row)
//   by_four          whether four such neighbours are 16 aligned bytes, all inside the operand or all outside
//   row(i), line(k)  what the row alone and k alone say about an address, for indices from the block's origin
//   line_of_four(k), or row_of_four(i) where neighbours are rows: the same for the first of four, a multiple of 4
//   at(row, line)    where the element lies, and whether it lies inside; outside it counts as zero
// It is made for one block: everything that needs 64 bits is in its origin.
#pragma once

#include <cstdint>

#include "kernels/base/gemm_plan.h"

namespace skewbench::gemm {

/// What is left of an extent from `origin` on, as an int: indices inside a block are below 2^30.
__device__ inline int left_from(int64_t origin, int64_t extent) {
  const int64_t left = extent - origin, most = int64_t{1} << 30;
  return static_cast<int>(left < most ? left : most);
}

/// Where the calling block works.
struct Place {
  unsigned row_tile, column_tile, split, part;
  __device__ explicit Place(const Grid& grid) {
    const unsigned pair = blockIdx.x / grid.column_tiles, parts = pair / grid.row_tiles;
    column_tile = blockIdx.x - pair * grid.column_tiles;
    row_tile = pair - parts * grid.row_tiles;
    part = parts / grid.splits;
    split = parts - part * grid.splits;
  }
};

/// Nothing may be read at the address of an element outside.
struct Source {
  const float* address;
  bool is_inside;
};

/// Element (row, k) at data[row * pitch + k].
class RowMajor {
 public:
  static constexpr bool kAlongDepth = true;
  using Row = Source;  // of its first element
  struct Line {
    int k;
    bool is_inside;
  };
  __device__ RowMajor(const float* data, int64_t pitch, int64_t first_row, int64_t rows, int64_t first_k, int64_t depth, bool by_four)
      : by_four(by_four), data_(data + first_row * pitch + first_k), pitch_(pitch), rows_(left_from(first_row, rows)), depth_(left_from(first_k, depth)) {}
  __device__ Row row(int i) const { return {data_ + i * pitch_, i < rows_}; }
  __device__ Line line(int k) const { return {k, k < depth_}; }
  __device__ Line line_of_four(int k) const { return {k, k < depth_}; }  // both multiples of 4
  __device__ Source at(Row row, Line line) const { return {row.address + line.k, row.is_inside && line.is_inside}; }
  bool by_four;

 private:
  const float* data_;
  int64_t pitch_;
  int rows_, depth_;
};

/// Element (row, k) at data[k * pitch + row].
class ColumnMajor {
 public:
  static constexpr bool kAlongDepth = false;
  struct Row {
    int i;
    bool is_inside;
  };
  using Line = Source;  // of its first element
  __device__ ColumnMajor(const float* data, int64_t pitch, int64_t first_row, int64_t rows, int64_t first_k, int64_t depth, bool by_four)
      : by_four(by_four), data_(data + first_k * pitch + first_row), pitch_(pitch), rows_(left_from(first_row, rows)), depth_(left_from(first_k, depth)) {}
  __device__ Row row(int i) const { return {i, i < rows_}; }
  __device__ Row row_of_four(int i) const { return {i, i < rows_}; }  // both multiples of 4
  __device__ Line line(int k) const { return {data_ + k * pitch_, k < depth_}; }
  __device__ Source at(Row row, Line line) const { return {line.address + row.i, row.is_inside && line.is_inside}; }
  bool by_four;

 private:
  const float* data_;
  int64_t pitch_;
  int rows_, depth_;
};

// --- what becomes of a sum before it is stored ---------------------------------------------------------------------

// For one sum, or for four neighbours. `column` is that of the first; `old` what is there.

struct Plain {
  template <class Sums>
  __device__ Sums operator()(Sums sums, int64_t, const Sums*) const { return sums; }
};

/// bias [columns] or null; with relu, max(., 0), which passes a NaN on.
struct BiasRelu {
  const float* bias;
  bool relu;
  __device__ float rectified(float value) const { return relu && value <= 0 ? 0.0f : value; }
  __device__ float operator()(float sum, int64_t column, const float*) const { return rectified(bias ? sum + bias[column] : sum); }
  __device__ float4 operator()(float4 sums, int64_t column, const float4*) const {
    if (bias) sums = add(sums, *reinterpret_cast<const float4*>(bias + column));
    return {rectified(sums.x), rectified(sums.y), rectified(sums.z), rectified(sums.w)};
  }
  __device__ static float4 add(float4 a, float4 b) { return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w}; }
};

struct Accumulate {
  bool accumulate;
  __device__ float operator()(float sum, int64_t, const float* old) const { return accumulate ? *old + sum : sum; }
  __device__ float4 operator()(float4 sums, int64_t, const float4* old) const { return accumulate ? BiasRelu::add(*old, sums) : sums; }
};

/// The kernel's parameters of where C goes. Where the depth is split, a sum goes into the workspace as it is, and
/// add_parts() (ordered_sums.h) finishes it.
template <class Finish>
struct Output {
  float* data;
  float* parts;        ///< null: not split
  int64_t part_pitch;  ///< floats between two splits' parts, a multiple of 4
  bool by_four;        ///< four neighbours in a row are 16 aligned bytes, in C and in the bias
  Finish finish;
};

/// C of one block. Rows::row(i): where row i starts, from the start of C, and whether there is one.
struct RowStart {
  int64_t offset;
  bool is_inside;
};

template <class Finish, class Rows>
class Target {
 public:
  __device__ Target(const Output<Finish>& output, const Rows& rows, unsigned split, int64_t first_column, int64_t columns)
      : output_(output), rows_(rows), first_column_(first_column), columns_(left_from(first_column, columns)) {
    if (output.parts) output_.data = output.parts + split * output.part_pitch;
  }

  __device__ void put(int row, int column, float sum) const {
    const RowStart start = rows_.row(row);
    if (start.is_inside && column < columns_) store(start.offset + first_column_, column, sum);
  }
  /// Of each row, four neighbours each; the last one may have fewer.
  __device__ int quads() const { return (columns_ + 3) / 4; }
  /// One of them, by its first column.
  __device__ void put(int row, int column, float4 sums) const {
    const RowStart start = rows_.row(row);
    if (!start.is_inside) return;
    const int64_t first = start.offset + first_column_;
    if (output_.by_four) {
      store(first, column, sums);
      return;
    }
    store(first, column, sums.x);
    if (column + 1 < columns_) store(first, column + 1, sums.y);
    if (column + 2 < columns_) store(first, column + 2, sums.z);
    if (column + 3 < columns_) store(first, column + 3, sums.w);
  }

 private:
  template <class Sums>  // float or float4
  __device__ void store(int64_t first, int column, Sums sums) const {
    Sums* const to = reinterpret_cast<Sums*>(output_.data + first + column);
    write(to, output_.parts ? sums : output_.finish(sums, first_column_ + column, to));
  }
  __device__ static void write(float* to, float sum) { *to = sum; }
  __device__ static void write(float4* to, float4 sums) {  // the compiler would share the first float's store with the other path
    asm volatile("st.global.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(to), "f"(sums.x), "f"(sums.y), "f"(sums.z), "f"(sums.w) : "memory");
  }

  Output<Finish> output_;
  Rows rows_;
  int64_t first_column_;
  int columns_;
};

/// Rows of a dense matrix.
class DenseRows {
 public:
  __device__ DenseRows(int64_t first_row, int64_t rows, int64_t pitch)
      : first_(first_row * pitch), pitch_(pitch), rows_(left_from(first_row, rows)) {}
  __device__ RowStart row(int i) const { return {first_ + i * pitch_, i < rows_}; }

 private:
  int64_t first_, pitch_;
  int rows_;
};

}  // namespace skewbench::gemm
