// The operands and the target of a matrix product C[row, column] = sum over k of A[row, k] * B[column, k].
//
// An operand says where its element (row, k) lies; for B a row is a column of C. All three products of a layer, and all
// three directions of a convolution, are the same loops over different operands. An operand has
//   kAlongDepth      whether neighbours in memory are neighbours in k (otherwise: in row)
//   by_four          whether four such neighbours are 16 aligned bytes, all inside the operand or all outside
//   row(i), line(k)  what the row alone and k alone say about an address, for indices from the block's origin
//   at(row, line)    the address; null where the element counts as zero
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

/// Element (row, k) at data[row * pitch + k].
class RowMajor {
 public:
  static constexpr bool kAlongDepth = true;
  using Row = const float*;
  using Line = int;
  __device__ RowMajor(const float* data, int64_t pitch, int64_t first_row, int64_t rows, int64_t first_k, int64_t depth, bool by_four)
      : by_four(by_four), data_(data + first_row * pitch + first_k), pitch_(pitch), rows_(left_from(first_row, rows)), depth_(left_from(first_k, depth)) {}
  __device__ Row row(int i) const { return i < rows_ ? data_ + i * pitch_ : nullptr; }
  __device__ Line line(int k) const { return k < depth_ ? k : -1; }
  __device__ const float* at(Row row, Line line) const { return row && line >= 0 ? row + line : nullptr; }
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
  using Row = int;
  using Line = const float*;
  __device__ ColumnMajor(const float* data, int64_t pitch, int64_t first_row, int64_t rows, int64_t first_k, int64_t depth, bool by_four)
      : by_four(by_four), data_(data + first_k * pitch + first_row), pitch_(pitch), rows_(left_from(first_row, rows)), depth_(left_from(first_k, depth)) {}
  __device__ Row row(int i) const { return i < rows_ ? i : -1; }
  __device__ Line line(int k) const { return k < depth_ ? data_ + k * pitch_ : nullptr; }
  __device__ const float* at(Row row, Line line) const { return line && row >= 0 ? line + row : nullptr; }
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

/// C of one block. Rows::row(i) is the offset of row i from the start of C; -1 outside.
template <class Finish, class Rows>
class Target {
 public:
  __device__ Target(const Output<Finish>& output, const Rows& rows, unsigned split, int64_t first_column, int64_t columns)
      : output_(output), rows_(rows), first_column_(first_column), columns_(left_from(first_column, columns)) {
    if (output.parts) output_.data = output.parts + split * output.part_pitch;
  }

  __device__ void put(int row, int column, float sum) const {
    const int64_t offset = rows_.row(row);
    if (offset >= 0 && column < columns_) store(offset + first_column_, column, sum);
  }
  /// Four neighbours; column is a multiple of 4.
  __device__ void put(int row, int column, float4 sums) const {
    const int64_t offset = rows_.row(row);
    if (offset < 0 || column >= columns_) return;
    const int64_t first = offset + first_column_;
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
  __device__ int64_t row(int i) const { return i < rows_ ? first_ + i * pitch_ : -1; }

 private:
  int64_t first_, pitch_;
  int rows_;
};

}  // namespace skewbench::gemm
