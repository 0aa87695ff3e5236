// What the race check remembers of four bytes of shared or global memory, and what it concludes.
//
// A cell holds the last write, the reads since, and the atomic operations since. A set of reads (or of atomics) is one warp
// with a mask of lanes, or several warps with a mask of them, and the stamp of its first member. When everything in a set is
// ordered before a new member, that one replaces the set: what is ordered after it is ordered after them as well. So a set's
// members are unordered among themselves, and all of them are on the same side of every later synchronisation of the block.
//
// Global memory: a cell belongs to a block, and becomes that of several when a second one reads (or updates atomically) what
// the first one has only read (or only updated). Accesses of two blocks in one launch are never ordered, so every other access
// of two blocks is a race, and stamps need not be kept for more than one.
//
// A word of which single bytes or halves are accessed is split into four cells, one a byte: neighbours are no race.
#pragma once

#include <cstdint>

#include "kernels/cuda_on_cpu/happens_before.h"
#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

struct Cell {
  static constexpr uint16_t kSplit = 0x8000, kSeveralBlocks = 0x4000, kNobody = 0x3FFF;
  static constexpr uint8_t kNone = 0xFF, kSeveral = 0xFE;  ///< for a warp

  uint32_t epoch = 0;       ///< launch (global memory) or run of a block (shared); of another epoch: as if empty
  uint32_t block = 0;       ///< that accessed it first in this epoch; 0 for shared memory
  uint32_t write_stamp = 0;
  uint32_t read_first = 0, read_mask = 0;
  uint32_t atomic_first = 0, atomic_mask = 0;
  uint16_t writer = kNobody;      ///< thread or kNobody, and flags
  uint8_t read_warp = kNone, atomic_warp = kNone;  ///< of the sets
  int32_t write_place = 0, read_place = 0;         ///< of the last write and the first read, packed (places.h)

  uint32_t writing_thread() const { return writer & kNobody; }
};
static_assert(sizeof(Cell) == 40);

struct Accessor {
  const HappensBefore& order;
  uint32_t epoch, block;
  uint32_t thread, warp, lane_bit;
  Access access;
  int32_t place;
};

/// The earlier access that a new one is not ordered against.
struct Conflict {
  bool exists = false;
  Access access = Access::read;
  bool is_other_block = false;
  bool is_known = false;   ///< which thread, or which block
  uint32_t thread = 0;     ///< if of this block
  uint32_t block = 0;      ///< if of another
  int32_t place = 0;       ///< 0: not recorded
};

/// Adds an access to a cell that is not split, unless it is in conflict with one before.
Conflict add_access(Cell& cell, const Accessor& by);

/// The cells of a piece of memory: one a word, and four a word for those that are split. Zeros are empty cells.
struct Cells {
  Cell* words = nullptr;
  Cell* single_bytes = nullptr;

  /// An access of 1, 2 or 4 n bytes, aligned to them (or to 4). With conflict the cells are left as they are.
  Conflict add(uint64_t offset, uint32_t bytes, const Accessor& by);
};

}  // namespace skewbench::cuda_on_cpu
