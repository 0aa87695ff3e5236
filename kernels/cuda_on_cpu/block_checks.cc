#include "kernels/cuda_on_cpu/block_checks.h"

#include <sys/mman.h>

#include <algorithm>

#include "kernels/base/error.h"

namespace skewbench::cuda_on_cpu {
namespace {

/// Memory of zeros that costs nothing until it is touched.
void* reserve(std::size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(memory != MAP_FAILED, "there are no {} bytes of addresses for the race check; SKEWBENCH_CUDA_CHECKS=0 does without", bytes);
  return memory;
}

Cells reserve_cells(uint64_t bytes) {
  return {static_cast<Cell*>(reserve((bytes / 4 + 1) * sizeof(Cell))), static_cast<Cell*>(reserve((bytes + 4) * sizeof(Cell)))};
}

Cells& reserved_global_cells() {
  static Cells cells = reserve_cells(device_reach());
  return cells;
}

bool are_global_cells_reserved = false;

/// Gives whole pages back within [begin, end).
void drop(void* begin, void* end) {
  constexpr uint64_t kPage = 4096;
  const uint64_t first = (reinterpret_cast<uint64_t>(begin) + kPage - 1) / kPage * kPage, last = reinterpret_cast<uint64_t>(end) / kPage * kPage;
  if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

std::atomic_flag locks[1024];

}  // namespace

BlockChecks::BlockChecks(uint32_t most_shared_bytes) : written(most_shared_bytes) {
  shared_cells = reserve_cells(most_shared_bytes);
  cell_bytes_ = most_shared_bytes;
  awaited.thread_plus_1.assign(most_shared_bytes / 4 + 1, AwaitedWords::kNobody);
}

BlockChecks::~BlockChecks() {
  munmap(shared_cells.words, (cell_bytes_ / 4 + 1) * sizeof(Cell));
  munmap(shared_cells.single_bytes, (cell_bytes_ + 4) * sizeof(Cell));
}

void BlockChecks::start_block(uint32_t threads, uint32_t shared_bytes) {
  order.start(threads);
  written.clear(shared_bytes);
  if (awaited.count > 0) std::fill(awaited.thread_plus_1.begin(), awaited.thread_plus_1.end(), AwaitedWords::kNobody);
  awaited.count = 0;
  ++run;
}

Cells global_cells() {
  are_global_cells_reserved = true;
  return reserved_global_cells();
}

void drop_global_cells(const Allocation& allocation) {
  if (!are_global_cells_reserved) return;
  const Cells cells = reserved_global_cells();
  const uint64_t begin = allocation.begin - device_base, end = begin + allocation.bytes;
  drop(cells.words + begin / 4, cells.words + end / 4);
  drop(cells.single_bytes + begin, cells.single_bytes + end);
}

CellLock::CellLock(uint64_t address, bool is_needed) : flag_(is_needed ? &locks[address / 256 % 1024] : nullptr) {
  if (flag_ == nullptr) return;
  while (flag_->test_and_set(std::memory_order_acquire)) {
  }
}
CellLock::~CellLock() {
  if (flag_ != nullptr) flag_->clear(std::memory_order_release);
}

}  // namespace skewbench::cuda_on_cpu
