// Matrix products on tensor cores: mma.sync m16n8k8 on tf32, once for tf32's precision and three times for float32's.
//
// A warp owns 32 x 32 outputs, 2 x 4 tiles of 16 x 8. Lane 4g + t reads the block of rows 4g .. 4g + 3 and k 4t .. 4t + 3 of A and of B
// (gemm_tile.cuh), 16 bytes at a time. The instruction wants of A rows g, g + 8 and k t, t + 4 in a lane, of B columns g and k t, t + 4. Which
// row of C a row of the instruction stands for is free, and so is the order of k, as long as A and B agree:
//   row g of row group i (8 rows each, i in [0, 4)) is row 4g + i;  k t and t + 4 of step s in [0, 2) are k 4t + 2s and 4t + 2s + 1
// So a lane's fragments are its own block. Of C a lane gets, for each of rows 4g .. 4g + 3, columns 8t .. 8t + 7: two 16-byte stores.
#pragma once

#include "kernels/base/gemm_tile.cuh"

namespace skewbench::gemm {

/// The nearest number of 11 significant bits, ties away from zero; the operand format of the tensor cores.
__device__ inline uint32_t to_tf32(float value) {
  uint32_t result;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(value));
  return result;
}

/// sum [16 x 8] += a [16 x 8] * b [8 x 8], products exact, sums in float32 in the hardware's order.
__device__ inline void add_product(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/// What the two multipliers share: which outputs are a lane's.
class WarpTile {
 public:
  __device__ void put(float4* outputs) const {
#pragma unroll
    for (int row = 0; row < 4; ++row)
#pragma unroll
      for (int side = 0; side < 2; ++side) {  // columns 8t .. 8t + 3, then 8t + 4 .. 8t + 7
        const auto& of = sum_[row / 2];
        const int at = row % 2 * 2 + side;
        outputs[output_slot(4 * row_quad_ + row, column_quad_ / 8 * 8 + 2 * depth_quad_ + side)] = {of[0][at], of[1][at], of[2][at], of[3][at]};
      }
  }

 protected:
  __device__ WarpTile() {
    const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
    row_quad_ = warp % 2 * 8 + lane / 4;
    column_quad_ = warp / 2 * 8 + lane / 4;
    depth_quad_ = lane % 4;
  }
  int row_quad_, column_quad_, depth_quad_;
  float sum_[2][4][4] = {};  // [16 rows][8 columns][the instruction's four]
};

/// Operands rounded to tf32: each product is off by at most 2^-10 + 2^-22 of itself.
class Tf32Tile : public WarpTile {
 public:
  template <bool kAlongDepthA, bool kAlongDepthB>
  __device__ void multiply(const float4* a, const float4* b) {
    float of_a[4][4], of_b[4][4];
    read_block<kAlongDepthA>(a, row_quad_, depth_quad_, of_a);
    read_block<kAlongDepthB>(b, column_quad_, depth_quad_, of_b);
#pragma unroll
    for (int step = 0; step < 2; ++step) {
      const int k = 2 * step;
      uint32_t columns[4][2];
#pragma unroll
      for (int j = 0; j < 4; ++j) columns[j][0] = to_tf32(of_b[j][k]), columns[j][1] = to_tf32(of_b[j][k + 1]);
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const uint32_t rows[4] = {to_tf32(of_a[2 * i][k]), to_tf32(of_a[2 * i + 1][k]), to_tf32(of_a[2 * i][k + 1]), to_tf32(of_a[2 * i + 1][k + 1])};
#pragma unroll
        for (int j = 0; j < 4; ++j) add_product(sum_[i][j], rows, columns[j]);
      }
    }
  }
};

/// Operands as sums of two tf32, x = high + low with |x - high - low| <= 2^-22 |x|; three of the four products, since low * low is
/// below 2^-22 of the whole. The products of one step of 16 are summed by the tensor cores from zero, small ones first, and
/// added to the rest outside, rounded to nearest: the cores truncate, and over a long depth that would drift.
/// An infinite operand becomes NaN (infinity - infinity).
class ThreeTf32Tile : public WarpTile {
 public:
  template <bool kAlongDepthA, bool kAlongDepthB>
  __device__ void multiply(const float4* a, const float4* b) {
    float of_a[4][4], of_b[4][4];
    read_block<kAlongDepthA>(a, row_quad_, depth_quad_, of_a);
    read_block<kAlongDepthB>(b, column_quad_, depth_quad_, of_b);
    Split columns[2][4][2];  // [step][tile][the instruction's two]
#pragma unroll
    for (int j = 0; j < 4; ++j)
#pragma unroll
      for (int k = 0; k < 4; ++k) columns[k / 2][j][k % 2] = Split(of_b[j][k]);
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      float part[4][4] = {};
#pragma unroll
      for (int step = 0; step < 2; ++step) add_step(part, of_a[2 * i], of_a[2 * i + 1], 2 * step, columns[step]);
#pragma unroll
      for (int j = 0; j < 4; ++j)
#pragma unroll
        for (int at = 0; at < 4; ++at) sum_[i][j][at] += part[j][at];
    }
  }

 private:
  struct Split {
    uint32_t high, low;
    Split() = default;
    __device__ explicit Split(float value) {
      high = to_tf32(value);
      low = to_tf32(value - __uint_as_float(high));
    }
  };

  __device__ static void add_step(float (&part)[4][4], const float (&upper)[4], const float (&lower)[4], int k, const Split (&columns)[4][2]) {
    const Split rows[4] = {Split(upper[k]), Split(lower[k]), Split(upper[k + 1]), Split(lower[k + 1])};
    const uint32_t high[4] = {rows[0].high, rows[1].high, rows[2].high, rows[3].high}, low[4] = {rows[0].low, rows[1].low, rows[2].low, rows[3].low};
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const uint32_t column_high[2] = {columns[j][0].high, columns[j][1].high}, column_low[2] = {columns[j][0].low, columns[j][1].low};
      add_product(part[j], low, column_high);
      add_product(part[j], high, column_low);
      add_product(part[j], high, column_high);
    }
  }
};

}  // namespace skewbench::gemm
