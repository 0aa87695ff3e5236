#include "kernels/cuda_on_cpu/host_memory.h"

#include <cstdlib>
#include <map>

namespace skewbench::cuda_on_cpu {
namespace {

// Begin and end of each range.
std::map<uint64_t, uint64_t>& ranges() {
  static std::map<uint64_t, uint64_t>& all = *new std::map<uint64_t, uint64_t>;
  return all;
}

uint64_t begin_of(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

}  // namespace

void* allocate_pinned(uint64_t bytes) {
  constexpr uint64_t kPage = 4096;
  if (bytes > uint64_t{1} << 46) return nullptr;
  void* const memory = std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage);
  if (memory != nullptr) ranges()[begin_of(memory)] = begin_of(memory) + bytes;
  return memory;
}

bool release_pinned(void* pointer) {
  if (ranges().erase(begin_of(pointer)) == 0) return false;
  std::free(pointer);
  return true;
}

bool is_pinned(const void* pointer, uint64_t bytes) {
  const auto next = ranges().upper_bound(begin_of(pointer));
  return next != ranges().begin() && begin_of(pointer) + bytes <= std::prev(next)->second;
}

}  // namespace skewbench::cuda_on_cpu
