#include "kernels/cuda_on_cpu/host_memory.h"

#include <cstdlib>
#include <map>

namespace skewbench::cuda_on_cpu {
namespace {

struct Range {
  uint64_t end;
  bool is_ours;  // allocated here, not only registered
};

std::map<uint64_t, Range>& ranges() {
  static std::map<uint64_t, Range>& all = *new std::map<uint64_t, Range>;
  return all;
}

uint64_t begin_of(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

bool forget(void* pointer, bool is_ours) {
  const auto found = ranges().find(begin_of(pointer));
  if (found == ranges().end() || found->second.is_ours != is_ours) return false;
  ranges().erase(found);
  return true;
}

}  // namespace

void* allocate_pinned(uint64_t bytes) {
  constexpr uint64_t kPage = 4096;
  if (bytes > uint64_t{1} << 46) return nullptr;
  void* const memory = std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage);
  if (memory != nullptr) ranges()[begin_of(memory)] = {begin_of(memory) + bytes, true};
  return memory;
}

bool release_pinned(void* pointer) {
  if (!forget(pointer, true)) return false;
  std::free(pointer);
  return true;
}

bool register_pinned(void* pointer, uint64_t bytes) {
  const uint64_t begin = begin_of(pointer), end = begin + bytes;
  const auto next = ranges().lower_bound(begin);
  if (next != ranges().end() && next->first < end) return false;
  if (next != ranges().begin() && std::prev(next)->second.end > begin) return false;
  ranges()[begin] = {end, false};
  return true;
}

bool unregister_pinned(void* pointer) { return forget(pointer, false); }

bool is_pinned(const void* pointer, uint64_t bytes) {
  const auto next = ranges().upper_bound(begin_of(pointer));
  return next != ranges().begin() && begin_of(pointer) + bytes <= std::prev(next)->second.end;
}

}  // namespace skewbench::cuda_on_cpu
