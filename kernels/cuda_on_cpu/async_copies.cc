// cp.async: copies from global to shared memory that a thread waits for later.
#include <algorithm>
#include <cstring>

#include "kernels/cuda_on_cpu/block.h"

namespace skewbench::cuda_on_cpu {
namespace {

void carry_out(Thread& thread, const AsyncCopy& copy) {
  std::byte* const to = thread.shared + copy.shared_address;
  std::memcpy(to, locate(thread, Space::global, copy.global_address), copy.source_bytes);
  std::memset(to + copy.source_bytes, 0, copy.bytes - copy.source_bytes);
}

/// Carries out the copies of the oldest groups until `pending` groups are left.
void complete(MachineThread& me, std::size_t pending) {
  AsyncCopies& all = me.async;
  if (all.group_ends.size() <= pending) return;
  const std::size_t groups = all.group_ends.size() - pending, copies = all.group_ends[groups - 1];
  for (std::size_t i = 0; i < copies; ++i) carry_out(me, all.copies[i]);
  all.copies.erase(all.copies.begin(), all.copies.begin() + static_cast<std::ptrdiff_t>(copies));
  all.group_ends.erase(all.group_ends.begin(), all.group_ends.begin() + static_cast<std::ptrdiff_t>(groups));
  for (std::size_t& end : all.group_ends) end -= copies;
}

}  // namespace

void async_copy(Thread& thread, uint32_t shared_address, uint64_t global_address, uint32_t bytes, uint32_t source_bytes, const Place* place) {
  if (modes != 0) {
    inspect(thread, Space::shared, shared_address, bytes, Access::write, place);
    if (source_bytes > 0) inspect(thread, Space::global, global_address, source_bytes, Access::read, place);
  }
  thread.block->self(thread).async.copies.push_back({shared_address, bytes, global_address, std::min(source_bytes, bytes), place});
}

void async_commit(Thread& thread) {
  AsyncCopies& all = thread.block->self(thread).async;
  all.group_ends.push_back(all.copies.size());
}

void async_wait_group(Thread& thread, uint32_t pending) { complete(thread.block->self(thread), pending); }

void async_wait_all(Thread& thread) {
  async_commit(thread);
  complete(thread.block->self(thread), 0);
}

}  // namespace skewbench::cuda_on_cpu
