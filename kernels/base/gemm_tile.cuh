// The tile of a matrix product: how operands lie in shared memory, how they get there, and how a thread reads them.
//
// A block of 128 threads computes 64 x 64 outputs, 16 steps of the depth at once: 64 x 16 floats of A and as many of B, 4 KB
// each. Four warps, 2 x 2, own 32 x 32 outputs each. All accesses to shared memory are 16 bytes wide and free of bank
// conflicts, whichever index of an operand is contiguous in global memory, so nothing is transposed on the way:
//
//   along the depth   a slot is four neighbours in k of one row: slot = position * 4 + (chunk ^ (position / 2 % 4)), chunk = k / 4.
//                     Row 32a + 4b + i has the position 32a + 8i + b, so rows 4b + i of neighbouring b are neighbours
//   along the rows    a slot is four neighbouring rows of one k: slot = k * 16 + (row / 4 ^ k / 4 * 2)
//
// The reader's unit is a block of four rows and four k (row quad u in [0, 16), depth quad v in [0, 4)): four slots in both
// layouts. Slots whose numbers differ mod 8 lie in different banks, and eight lanes are served at once:
//   lanes of neighbouring u at one v (registers): positions p .. p + 7 and one chunk, or slots k * 16 + u: eight numbers
//   lanes of two u, an even one first, and all v (tensor cores): positions p, p + 1 and four chunks; or u ^ 2v: eight numbers
//   a writer's lanes: two positions and four chunks, or eight u of one k: eight numbers
#pragma once

#include "kernels/base/gemm_operands.cuh"

namespace skewbench::gemm {

struct Tile {
  static constexpr int kRows = 64, kColumns = 64;  // 2 x 64 floats loaded for 64 x 64 multiply-adds: 32 of them a float
  static constexpr int kDepth = 16;                // four slots a row: a 64-byte piece of a row of global memory
  static constexpr int kThreads = 128;             // 8 x 4 outputs each: 12 shared 16-byte loads for 128 multiply-adds
  static constexpr int kSlots = kRows * kDepth / 4;
};
static_assert(Tile::kRows == Tile::kColumns, "A and B share the layout");
static_assert(Tile::kSlots == 2 * Tile::kThreads, "a thread fills two slots of an operand");
/// Two steps of both operands; or all outputs, once nobody needs the operands any more.
using TileMemory = float4[4 * Tile::kSlots];
static_assert(4 * Tile::kSlots == Tile::kRows * Tile::kColumns / 4, "the outputs take as much as two steps");
static_assert(Tile::kRows == kTileSize.rows && Tile::kColumns == kTileSize.columns, "the plan knows this tile");

/// The two slots of an operand's tile that the calling thread fills in every step.
template <class Operand>
class Slots {
 public:
  __device__ explicit Slots(const Operand& operand) : operand_(operand) {
    const int thread = static_cast<int>(threadIdx.x);
    if constexpr (Operand::kAlongDepth) {
      const int position = thread / 4, chunk = thread % 4;  // position in [0, 32); the second slot's is 32 more
      row_ = position % 8 * 4 + position / 8;
      k_ = chunk * 4;
      slot_ = position * 4 + (chunk ^ (position / 2 % 4));
      second_ = slot_ + 128;
      row_of_first_ = operand.row(row_);
      row_of_second_ = operand.row(row_ + 32);
    } else {
      const int quad = thread % 16;
      row_ = quad * 4;
      k_ = thread / 16;  // [0, 8); the second slot's is 8 more
      slot_ = k_ * 16 + (quad ^ (k_ / 4 * 2));
      second_ = (k_ + 8) * 16 + (quad ^ ((k_ + 8) / 4 * 2));
      row_of_first_ = operand.row_of_four(row_);
    }
  }

  /// Fills the slots with the step that starts at k: four(slot, source) for 16 bytes, or one(float's number, source) for
  /// each of the four.
  template <class Four, class One>
  __device__ void fill(int k, Four four, One one) const {
    if constexpr (Operand::kAlongDepth) {
      if (operand_.by_four) {
        const auto line = operand_.line_of_four(k + k_);
        four(slot_, operand_.at(row_of_first_, line));
        four(second_, operand_.at(row_of_second_, line));
      } else {
#pragma unroll 1  // the rare path: a quarter of its code
        for (int j = 0; j < 4; ++j) {
          const auto line = operand_.line(k + k_ + j);
          one(4 * slot_ + j, operand_.at(row_of_first_, line));
          one(4 * second_ + j, operand_.at(row_of_second_, line));
        }
      }
    } else {
      const auto line = operand_.line(k + k_), line_of_second = operand_.line(k + k_ + 8);
      if (operand_.by_four) {
        four(slot_, operand_.at(row_of_first_, line));
        four(second_, operand_.at(row_of_first_, line_of_second));
      } else {
#pragma unroll 1
        for (int j = 0; j < 4; ++j) {
          const auto row = operand_.row(row_ + j);
          one(4 * slot_ + j, operand_.at(row, line));
          one(4 * second_ + j, operand_.at(row, line_of_second));
        }
      }
    }
  }

 private:
  Operand operand_;
  int row_, k_, slot_, second_;
  typename Operand::Row row_of_first_, row_of_second_;
};

/// block[i][j] = element (row 4u + i, k 4v + j).
template <bool kAlongDepth>
__device__ void read_block(const float4* tile, int u, int v, float (&block)[4][4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if constexpr (kAlongDepth) {
      const int position = u / 8 * 32 + 8 * i + u % 8;
      const float4 of_row = tile[position * 4 + (v ^ (u / 2 % 4))];  // position / 2 % 4 == u / 2 % 4
      block[i][0] = of_row.x, block[i][1] = of_row.y, block[i][2] = of_row.z, block[i][3] = of_row.w;
    } else {
      const float4 of_k = tile[(4 * v + i) * 16 + (u ^ (2 * v))];
      block[0][i] = of_k.x, block[1][i] = of_k.y, block[2][i] = of_k.z, block[3][i] = of_k.w;
    }
  }
}

/// Where four neighbouring outputs wait in shared memory for being stored. Eight lanes write eight quads of one row
/// (registers), or every second quad of two rows 4g, 4g + 4 (tensor cores): eight different numbers mod 8.
__device__ inline int output_slot(int row, int quad) { return row * (Tile::kColumns / 4) + (quad ^ (row / 4 % 2)); }

/// Stores the tile of outputs that lies in shared memory: a row is 256 contiguous bytes. Through shared memory, since a thread
/// that held its outputs in registers would need the code below once for each of them.
template <class Target>
__device__ void store_tile(const float4* outputs, const Target& target) {
  constexpr int kQuads = Tile::kColumns / 4, kRowsAtOnce = Tile::kThreads / kQuads;
  const int thread = static_cast<int>(threadIdx.x), quad = thread % kQuads;
  if (quad >= target.quads()) return;
#pragma unroll 1
  for (int row = thread / kQuads, turn = 0; turn < Tile::kRows / kRowsAtOnce; ++turn, row += kRowsAtOnce)
    target.put(row, 4 * quad, outputs[output_slot(row, quad)]);
}

/// 8 x 4 outputs a thread, each the sum of its products in the order of k, one fused multiply-add a product.
class RegisterTile {
 public:
  __device__ RegisterTile() {
    const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
    row_quad_ = warp % 2 * 8 + lane / 8;     // and 4 more; of A
    column_quad_ = warp / 2 * 8 + lane % 8;  // of B
  }

  /// Adds the products of one step.
  template <bool kAlongDepthA, bool kAlongDepthB>
  __device__ void multiply(const float4* a, const float4* b) {
#pragma unroll 2  // 256 multiply-adds hide the reads of the next quad; all four would double the code
    for (int v = 0; v < Tile::kDepth / 4; ++v) {
      float of_b[4][4];
      read_block<kAlongDepthB>(b, column_quad_, v, of_b);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float of_a[4][4];
        read_block<kAlongDepthA>(a, row_quad_ + 4 * half, v, of_a);
#pragma unroll
        for (int k = 0; k < 4; ++k)
#pragma unroll
          for (int i = 0; i < 4; ++i)
#pragma unroll
            for (int j = 0; j < 4; ++j) sum_[half][i][j] = fmaf(of_a[i][k], of_b[j][k], sum_[half][i][j]);
      }
    }
  }

  __device__ void put(float4* outputs) const {
#pragma unroll
    for (int half = 0; half < 2; ++half)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const auto& of = sum_[half][i];
        outputs[output_slot(4 * (row_quad_ + 4 * half) + i, column_quad_)] = {of[0], of[1], of[2], of[3]};
      }
  }

 private:
  int row_quad_, column_quad_;
  float sum_[2][4][4] = {};
};

}  // namespace skewbench::gemm
