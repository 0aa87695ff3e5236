#include "kernels/cuda_on_cpu/race_cells.h"

#include <bit>

namespace skewbench::cuda_on_cpu {
namespace {

/// The reads or the atomics of a cell.
struct Set {
  uint32_t &first, &mask;
  uint8_t& warp;
};

Set reads(Cell& cell) { return {cell.read_first, cell.read_mask, cell.read_warp}; }
Set atomics(Cell& cell) { return {cell.atomic_first, cell.atomic_mask, cell.atomic_warp}; }

constexpr int kAllOrdered = -1;

/// A member that is not ordered before `by`, or kAllOrdered. What is unordered at the set's first stamp is unordered at a
/// member's own one, which may be later.
int unordered_member(const Set& set, const Accessor& by) {
  if (set.warp == Cell::kNone || by.order.is_before_full(set.first)) return kAllOrdered;
  if (set.warp == by.warp && ((set.mask & ~by.lane_bit) == 0 || by.order.is_before_warp(set.first, by.warp))) return kAllOrdered;
  for (uint32_t rest = set.mask; rest != 0; rest &= rest - 1) {
    const auto bit = static_cast<uint32_t>(std::countr_zero(rest));
    const uint32_t u = 32u * set.warp + bit;
    if (set.warp != Cell::kSeveral) {
      if (!by.order.is_ordered(set.first, u, by.thread)) return static_cast<int>(u);
    } else if (bit != by.warp && !by.order.is_some_lane_ordered(set.first, bit, by.thread)) {
      return static_cast<int>(32 * bit);  // whichever lane of that warp it was
    }
  }
  return kAllOrdered;
}

bool may_replace(const Set& set, const Accessor& by) {
  if (set.warp != Cell::kSeveral) return unordered_member(set, by) == kAllOrdered;
  return by.order.is_before_full(set.first) || by.order.are_warps_ordered(set.first, set.mask, by.thread);
}

/// Whether `by` begins the set anew.
bool insert(Set set, const Accessor& by) {
  if (may_replace(set, by)) {
    set.first = by.order.now();
    set.mask = by.lane_bit;
    set.warp = static_cast<uint8_t>(by.warp);
    return true;
  }
  if (set.warp == by.warp) {
    set.mask |= by.lane_bit;
  } else {
    set.mask = (set.warp == Cell::kSeveral ? set.mask : 1u << set.warp) | 1u << by.warp;
    set.warp = Cell::kSeveral;
  }
  return false;
}

void put(Cell& cell, const Accessor& by) {
  switch (by.access) {
    case Access::read:
      if (insert(reads(cell), by)) cell.read_place = by.place;
      break;
    case Access::atomic: insert(atomics(cell), by); break;
    case Access::write:
      cell.writer = static_cast<uint16_t>(by.thread);
      cell.write_stamp = by.order.now();
      cell.write_place = by.place;
      cell.read_warp = cell.atomic_warp = Cell::kNone;  // all of them are ordered before this write
      break;
  }
}

/// The cell belongs to another block, or to several.
Conflict add_of_another_block(Cell& cell, const Accessor& by) {
  const bool has_reads = cell.read_warp != Cell::kNone, has_atomics = cell.atomic_warp != Cell::kNone;
  Conflict conflict{true, Access::read, true, cell.block != by.block, 0, cell.block, 0};
  if ((cell.writer & Cell::kNobody) != Cell::kNobody) {
    conflict.access = Access::write;
    conflict.thread = cell.writing_thread();
    conflict.place = cell.write_place;
    return conflict;
  }
  if (has_reads && by.access != Access::read) {
    conflict.place = cell.read_place;
    return conflict;
  }
  if (has_atomics && by.access != Access::atomic) {
    conflict.access = Access::atomic;
    return conflict;
  }
  cell.writer |= Cell::kSeveralBlocks;
  return {};
}

Conflict in_block(Access access, uint32_t thread, int32_t place) {
  return {true, access, false, true, thread, 0, place};
}

}  // namespace

Conflict add_access(Cell& cell, const Accessor& by) {
  if (cell.epoch != by.epoch) {
    cell = Cell{};
    cell.epoch = by.epoch;
    cell.block = by.block;
    put(cell, by);
    return {};
  }
  if (cell.block != by.block || (cell.writer & Cell::kSeveralBlocks) != 0) return add_of_another_block(cell, by);
  if (cell.writer != Cell::kNobody && !by.order.is_ordered(cell.write_stamp, cell.writer, by.thread))
    return in_block(Access::write, cell.writer, cell.write_place);
  if (by.access != Access::read)
    if (const int u = unordered_member(reads(cell), by); u != kAllOrdered) return in_block(Access::read, static_cast<uint32_t>(u), cell.read_place);
  if (by.access != Access::atomic)
    if (const int u = unordered_member(atomics(cell), by); u != kAllOrdered) return in_block(Access::atomic, static_cast<uint32_t>(u), 0);
  put(cell, by);
  return {};
}

Conflict Cells::add(uint64_t offset, uint32_t bytes, const Accessor& by) {
  for (uint64_t word = offset / 4; word <= (offset + bytes - 1) / 4; ++word) {
    Cell& cell = words[word];
    const bool is_split = cell.epoch == by.epoch && (cell.writer & Cell::kSplit) != 0;
    if (bytes >= 4 && !is_split) {
      if (const Conflict conflict = add_access(cell, by); conflict.exists) return conflict;
      continue;
    }
    Cell* const parts = single_bytes + 4 * word;
    if (!is_split) {
      for (int i = 0; i < 4; ++i) parts[i] = cell;
      cell.epoch = by.epoch;
      cell.writer = Cell::kSplit | Cell::kNobody;
    }
    const uint64_t first = bytes >= 4 ? 0 : offset % 4, count = bytes >= 4 ? 4 : bytes;
    for (uint64_t i = first; i < first + count; ++i)
      if (const Conflict conflict = add_access(parts[i], by); conflict.exists) return conflict;
  }
  return {};
}

}  // namespace skewbench::cuda_on_cpu
