// What a checked access looks at before it happens.
#include <fmt/format.h>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/device_memory.h"

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

void inspect_global(Block& block, MachineThread& me, uint64_t address, uint32_t bytes, Access access, const Place* place) {
  const Allocation* const allocation = find_allocation(address);
  if (allocation == nullptr || address + bytes > allocation->end())
    block.find(me, cudaErrorIllegalAddress, place,
               fmt::format("{} of {} bytes of global memory at 0x{:x}, {}", name_of(access), bytes, address, describe_address(address)));
}

void inspect_shared(Block& block, MachineThread& me, uint64_t offset, uint32_t bytes, Access access, const Place* place) {
  if (offset + bytes > me.shared_bytes)
    block.find(me, cudaErrorIllegalAddress, place,
               fmt::format("{} of {} bytes of shared memory at offset {}, of which the block has {}", name_of(access), bytes,
                           static_cast<int64_t>(static_cast<int32_t>(offset)), me.shared_bytes));
}

}  // namespace

void inspect(Thread& thread, Space space, uint64_t address, uint32_t bytes, Access access, const Place* place) {
  Block& block = *thread.block;
  MachineThread& me = block.self(thread);
  if (address % bytes != 0)
    block.find(me, cudaErrorMisalignedAddress, place, fmt::format("{} of {} bytes at 0x{:x}, which is not a multiple of them", name_of(access), bytes, address));
  if (space == Space::generic) {
    const uint64_t offset = address - reinterpret_cast<uint64_t>(thread.shared);
    if (is_device_address(address)) space = Space::global;
    else if (offset < kMaxSharedBytes) space = Space::shared, address = offset;
    else space = Space::local;
  }
  if (space == Space::global) inspect_global(block, me, address, bytes, access, place);
  if (space == Space::shared) inspect_shared(block, me, static_cast<uint32_t>(address), bytes, access, place);
}

void count_instructions(Thread&, uint32_t) {}
void declare_local(Thread&, const void*, uint32_t) {}

void stop(Thread& thread, const Place* place, const char* what) {
  thread.block->find(thread.block->self(thread), cudaErrorAssert, place, what);
}

}  // namespace skewbench::cuda_on_cpu
