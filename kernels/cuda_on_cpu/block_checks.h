// What the checks know of a block in execution besides its memory.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "kernels/cuda_on_cpu/device_memory.h"
#include "kernels/cuda_on_cpu/happens_before.h"
#include "kernels/cuda_on_cpu/race_cells.h"
#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

/// Bytes of shared memory that were written since the block began.
class WrittenBytes {
 public:
  explicit WrittenBytes(uint32_t most) : words_(most / 64 + 2) {}
  void clear(uint32_t bytes) { std::fill_n(words_.begin(), bytes / 64 + 1, 0); }
  void set(uint32_t offset, uint32_t bytes) {  // bytes <= 16, within an aligned 64
    words_[offset / 64] |= mask(bytes) << offset % 64;
  }
  bool is_set(uint32_t offset, uint32_t bytes) const {
    return (~words_[offset / 64] >> offset % 64 & mask(bytes)) == 0;
  }

 private:
  static uint64_t mask(uint32_t bytes) { return (uint64_t{1} << bytes) - 1; }
  std::vector<uint64_t> words_;
};

/// Words of shared memory that a cp.async will write.
struct AwaitedWords {
  static constexpr uint16_t kNobody = 0;
  std::vector<uint16_t> thread_plus_1;  ///< by word: whose copy it is
  uint32_t count = 0;
};

/// Where an instruction has found its allocation the last time: it will find it there again.
class KnownAllocations {
 public:
  void forget() { std::fill_n(begin_, kPlaces, ~uint64_t{0}); }
  bool has(const Place* place, uint64_t address, uint32_t bytes) const {
    const std::size_t i = slot(place);
    return address >= begin_[i] && address + bytes <= end_[i];
  }
  void remember(const Place* place, const Allocation& allocation) {
    const std::size_t i = slot(place);
    begin_[i] = allocation.begin;
    end_[i] = allocation.end();
  }

 private:
  static constexpr std::size_t kPlaces = 64;
  static std::size_t slot(const Place* place) { return reinterpret_cast<uintptr_t>(place) / sizeof(Place) % kPlaces; }
  uint64_t begin_[kPlaces] = {}, end_[kPlaces] = {};
};

struct BlockChecks {
  explicit BlockChecks(uint32_t most_shared_bytes);
  ~BlockChecks();
  BlockChecks(const BlockChecks&) = delete;
  BlockChecks& operator=(const BlockChecks&) = delete;

  void start_launch() { allocations.forget(); }
  void start_block(uint32_t threads, uint32_t shared_bytes);

  HappensBefore order;
  WrittenBytes written;
  AwaitedWords awaited;
  Cells shared_cells;
  uint32_t run = 0;  ///< counts blocks: the epoch of shared_cells
  KnownAllocations allocations;

 private:
  std::size_t cell_bytes_ = 0;
};

/// The cells of device memory, by offset from device_base.
Cells global_cells();
/// Gives the memory of the cells of a freed allocation back.
void drop_global_cells(const Allocation& allocation);

/// For global cells where blocks run on several OS threads: a lock for the 256 bytes around an address.
class CellLock {
 public:
  CellLock(uint64_t address, bool is_needed);
  ~CellLock();
  CellLock(const CellLock&) = delete;
  CellLock& operator=(const CellLock&) = delete;

 private:
  std::atomic_flag* flag_;
};

}  // namespace skewbench::cuda_on_cpu
