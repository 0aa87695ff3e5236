// How a matrix product C[rows, columns] = sum over depth of A * B is cut into blocks of a grid. Host side of gemm_tile.cuh; light
// enough for .cu files.
#pragma once

#include <cstdint>

namespace skewbench::gemm {

/// What a block computes at once.
struct TileSize {
  int64_t rows, columns;
};
inline constexpr TileSize kSmallTileSize{16, 16};  ///< of shared_tiles
inline constexpr TileSize kTileSize{64, 64};       ///< of everything with register tiles

/// The part that the kernel sees. Blocks are numbered in x, column tiles first: neighbours share the rows of A, which is
/// the larger operand. Then row tiles, splits of the depth, and parts of the problem (conv2d's input gradient has some).
struct Grid {
  unsigned row_tiles, column_tiles, splits;
  int split_depth;  ///< of every split but the last, a multiple of every tile's depth
};

struct Plan {
  int64_t row_tiles, column_tiles, parts, splits, split_depth;
  int64_t blocks() const { return row_tiles * column_tiles * parts * splits; }
  Grid grid() const {
    return {static_cast<unsigned>(row_tiles), static_cast<unsigned>(column_tiles), static_cast<unsigned>(splits), static_cast<int>(split_depth)};
  }
};

/// The depth is split where there are fewer tiles than a large GPU runs at once, into parts of at least kLeastSplitDepth.
/// The rule knows the problem only, not the device: the same product is summed in the same order everywhere. `parts`
/// products of at most these extents form one grid.
inline Plan plan(TileSize tile, int64_t rows, int64_t columns, int64_t depth, int64_t parts = 1) {
  constexpr int64_t kWantedBlocks = 256;     // two for each of the 108 to 132 multiprocessors of an A100 or H100
  constexpr int64_t kLeastSplitDepth = 128;  // eight steps; below, storing and adding the parts costs more than it saves
  constexpr int64_t kMostSplitDepth = int64_t{1} << 29;  // positions inside a split are ints
  constexpr int64_t kStep = 16;              // depth of a tile
  const auto ceil_div = [](int64_t value, int64_t by) { return (value + by - 1) / by; };
  Plan result{ceil_div(rows, tile.rows), ceil_div(columns, tile.columns), parts, 1, 0};
  const int64_t useful = depth / kLeastSplitDepth, wanted = ceil_div(kWantedBlocks, result.blocks());
  const int64_t splits = useful < wanted ? useful : wanted;
  result.split_depth = ceil_div(ceil_div(depth, splits < 1 ? 1 : splits), kStep) * kStep;
  if (result.split_depth > kMostSplitDepth) result.split_depth = kMostSplitDepth;
  result.splits = ceil_div(depth, result.split_depth);
  return result;
}

}  // namespace skewbench::gemm
