// What a checked access looks at before it happens.
#include "kernels/cuda_on_cpu/inspect.h"

#include <fmt/format.h>

#include "kernels/cuda_on_cpu/places.h"
#include "kernels/cuda_on_cpu/report.h"

namespace skewbench::cuda_on_cpu {
namespace {

const char* name_of(Access access) {
  switch (access) {
    case Access::read: return "a read";
    case Access::write: return "a write";
    case Access::atomic: return "an atomic operation";
  }
  return "?";
}

std::string describe(const Inspected& what, const char* space) {
  return fmt::format("{} of {} byte{} of {} memory", name_of(what.access), what.bytes, what.bytes == 1 ? "" : "s", space);
}

/// "a write by thread (3,0,0) at file:line: ..."
std::string describe_other(const Inspected& what, const Conflict& conflict) {
  std::string who = "another block";
  if (!conflict.is_other_block) who = thread_name(what.block, conflict.thread);
  else if (conflict.is_known) who = "block " + in_brackets(position(what.block.launch->grid, conflict.block));
  const Place* const place = unpack(conflict.place);
  return fmt::format("{} by {}{}", name_of(conflict.access), who, place == nullptr ? "" : " at " + at(place));
}

Accessor accessor(const Inspected& what, uint32_t epoch, uint32_t block) {
  return {what.block.checks.order, epoch, block, what.me.number, what.me.warp, 1u << what.me.lane, what.access, pack(what.place)};
}

void inspect_local(const Inspected& what) {
  for (const LocalArray& array : what.me.locals)
    if (what.address >= array.begin && what.address + what.bytes <= array.begin + array.bytes) return;
  if (what.address < 4096)
    object(what, cudaErrorIllegalAddress, fmt::format("{} through a null pointer, at 0x{:x}", describe(what, "generic"), what.address));
  object(what, cudaErrorIllegalAddress,
         fmt::format("{} at 0x{:x}, which is in no array of this thread{}", describe(what, "local"), what.address,
                     what.me.locals.empty() ? "" : fmt::format(" (its first one has {} bytes)", what.me.locals.front().bytes)));
}

}  // namespace

void object(const Inspected& what, cudaError_t error, const std::string& text) { what.block.find(what.me, error, what.place, text); }

std::string describe_shared(const Inspected& what) {
  return fmt::format("{} at offset {}", describe(what, "shared"), static_cast<int32_t>(what.address));
}
std::string describe_global(const Inspected& what) {
  return fmt::format("{} at 0x{:x}, {}", describe(what, "global"), what.address, describe_address(what.address));
}

void inspect_global(const Inspected& what) {
  BlockChecks& checks = what.block.checks;
  if (!checks.allocations.has(what.place, what.address, what.bytes)) {
    const Allocation* const allocation = find_allocation(what.address);
    if (allocation == nullptr || what.address + what.bytes > allocation->end())
      object(what, cudaErrorIllegalAddress, describe_global(what));
    checks.allocations.remember(what.place, *allocation);
  }
  Conflict conflict;
  {
    const CellLock lock(what.address, what.block.launch->is_shared);
    conflict = global_cells().add(what.address - device_base, what.bytes,
                                  accessor(what, what.block.launch->number, static_cast<uint32_t>(what.block.number)));
  }
  if (conflict.exists)
    object(what, cudaErrorLaunchFailure,
           fmt::format("race: {}, and {}: nothing orders them", describe_global(what), describe_other(what, conflict)));
}

void check_shared_bounds(const Inspected& what) {
  if (what.address + what.bytes > what.me.shared_bytes)
    object(what, cudaErrorIllegalAddress,
           fmt::format("{}, but the block has {} bytes of it", describe_shared(what), what.me.shared_bytes));
}

void inspect_shared(const Inspected& what) {
  check_shared_bounds(what);
  BlockChecks& checks = what.block.checks;
  const auto offset = static_cast<uint32_t>(what.address);
  if (checks.awaited.count > 0) check_awaited(what);
  if (what.access != Access::write && !checks.written.is_set(offset, what.bytes))
    object(what, cudaErrorLaunchFailure, fmt::format("{}, which no thread of the block has written", describe_shared(what)));
  const Conflict conflict = checks.shared_cells.add(offset, what.bytes, accessor(what, checks.run, 0));
  if (conflict.exists)
    object(what, cudaErrorLaunchFailure,
           fmt::format("race: {}, and {}: nothing orders them", describe_shared(what), describe_other(what, conflict)));
  if (what.access != Access::read) checks.written.set(offset, what.bytes);
}

void inspect(Thread& thread, Space space, uint64_t address, uint32_t bytes, Access access, const Place* place) {
  Block& block = *thread.block;
  MachineThread& me = block.self(thread);
  Inspected what{block, me, address, bytes, access, place};
  if (space == Space::shared) what.address = static_cast<uint32_t>(address);
  if (space == Space::generic) {
    const uint64_t offset = address - reinterpret_cast<uint64_t>(thread.shared);
    if (is_device_address(address)) space = Space::global;
    else if (offset < kSharedWindow) space = Space::shared, what.address = offset;
    else space = Space::local;
  }
  if ((modes & kCounts) != 0) count_access(block.counts, block.launch->number, space, what.address, bytes, access);
  if (!block.has_checks) return;
  if (block.is_late.load(std::memory_order_relaxed)) block.stop_late(me, place);
  if (address % bytes != 0)
    object(what, cudaErrorMisalignedAddress, fmt::format("{} at 0x{:x}, which is not a multiple of {}", describe(what, "misaligned"), address, bytes));
  switch (space) {
    case Space::global: return inspect_global(what);
    case Space::shared: return inspect_shared(what);
    case Space::local: return inspect_local(what);
    case Space::generic: break;
  }
}

void count_instructions(Thread& thread, uint32_t instructions) { thread.block->counts.instructions += instructions; }

void declare_local(Thread& thread, const void* begin, uint32_t bytes) {
  std::vector<LocalArray>& locals = thread.block->self(thread).locals;
  const auto address = reinterpret_cast<uint64_t>(begin);
  for (LocalArray& known : locals)
    if (known.begin == address) {  // a function called once more
      known.bytes = bytes;
      return;
    }
  locals.push_back({address, bytes});
}

void stop(Thread& thread, const Place* place, const char* what) {
  thread.block->find(thread.block->self(thread), cudaErrorAssert, place, what);
}

}  // namespace skewbench::cuda_on_cpu
