// cp.async: copies from global to shared memory that a thread waits for later. They happen at that wait, so that whoever
// does not wait finds poison; and until then nobody may touch their destination. Without checks they happen at once.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernels/cuda_on_cpu/inspect.h"
#include "kernels/cuda_on_cpu/report.h"

namespace skewbench::cuda_on_cpu {
namespace {

/// Reads of `bytes` from an aligned address, which may end within a word.
void inspect_source(Inspected what, uint32_t bytes) {
  what.bytes = bytes / 4 * 4;
  if (what.bytes > 0) inspect_global(what);
  for (uint32_t i = what.bytes; i < bytes; ++i) inspect_global({what.block, what.me, what.address + i, 1, what.access, what.place});
}

/// The two accesses of a copy. They are looked at when it is issued and when it is carried out: it may happen at any time
/// between.
void inspect_copy(Block& block, MachineThread& me, const AsyncCopy& copy) {
  inspect_shared({block, me, copy.shared_address, copy.bytes, Access::write, copy.place});
  inspect_source({block, me, copy.global_address, copy.bytes, Access::read, copy.place}, copy.source_bytes);
}

void expect(Block& block, const MachineThread& me, const AsyncCopy& copy, bool is_awaited) {
  AwaitedWords& awaited = block.checks.awaited;
  const auto first = awaited.thread_plus_1.begin() + copy.shared_address / 4;
  std::fill_n(first, copy.bytes / 4, is_awaited ? static_cast<uint16_t>(me.number + 1) : AwaitedWords::kNobody);
  awaited.count += is_awaited ? copy.bytes / 4 : 0 - copy.bytes / 4;
}

void carry_out(MachineThread& me, const AsyncCopy& copy) {
  Block& block = *me.block;
  if (block.has_checks) {
    expect(block, me, copy, false);
    inspect_copy(block, me, copy);
  }
  std::byte* const to = me.shared + copy.shared_address;
  const std::byte* const from = locate(me, Space::global, copy.global_address);
  if (copy.source_bytes == 16) {  // nearly always, and one instruction instead of two calls
    std::memcpy(to, from, 16);
    return;
  }
  std::memset(to, 0, copy.bytes);
  std::memcpy(to, from, copy.source_bytes);
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

void check_alignment(Block& block, MachineThread& me, const AsyncCopy& copy) {
  if (copy.shared_address % copy.bytes == 0 && copy.global_address % copy.bytes == 0) return;
  block.find(me, cudaErrorMisalignedAddress, copy.place,
             fmt::format("cp.async of {} bytes from 0x{:x} to shared memory at offset {}: both must be multiples of {}", copy.bytes,
                         copy.global_address, copy.shared_address, copy.bytes));
}

}  // namespace

void check_awaited(const Inspected& what) {
  const std::vector<uint16_t>& owners = what.block.checks.awaited.thread_plus_1;
  for (uint64_t word = what.address / 4; word <= (what.address + what.bytes - 1) / 4; ++word)
    if (owners[word] != AwaitedWords::kNobody)
      object(what, cudaErrorLaunchFailure,
             fmt::format("{}, where a cp.async of {} was not waited for yet", describe_shared(what), thread_name(what.block, owners[word] - 1u)));
}

void async_copy(Thread& thread, uint32_t shared_address, uint64_t global_address, uint32_t bytes, uint32_t source_bytes, const Place* place) {
  Block& block = *thread.block;
  MachineThread& me = block.self(thread);
  const AsyncCopy copy{shared_address, bytes, global_address, std::min(source_bytes, bytes), place};
  if ((modes & kCounts) != 0) {
    if (copy.source_bytes > 0)
      count_access(block.counts, block.launch->number, Space::global, global_address, copy.source_bytes, Access::read);
    count_access(block.counts, block.launch->number, Space::shared, shared_address, bytes, Access::write);
  }
  if (block.has_checks) {
    check_alignment(block, me, copy);
    inspect_copy(block, me, copy);
    expect(block, me, copy, true);
    me.async.copies.push_back(copy);
  } else {
    carry_out(me, copy);
  }
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
