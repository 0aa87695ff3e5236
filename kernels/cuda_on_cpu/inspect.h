// The parts of inspect() (thread.h), for operations that are more than one access.
#pragma once

#include "kernels/cuda_on_cpu/block.h"

namespace skewbench::cuda_on_cpu {

/// One access: at a device address, or at an offset in shared memory.
struct Inspected {
  Block& block;
  MachineThread& me;
  uint64_t address;
  uint32_t bytes;
  Access access;
  const Place* place;
};

/// Bounds and races; alignment is the caller's. Bytes: 1, 2 or a multiple of 4 at an aligned word.
void inspect_global(const Inspected& what);

/// Bounds, copies under way, bytes that nobody wrote, races.
void inspect_shared(const Inspected& what);

/// Only that it lies within the block's shared memory.
void check_shared_bounds(const Inspected& what);

/// That no cp.async will still write there.
void check_awaited(const Inspected& what);

[[noreturn]] void object(const Inspected& what, cudaError_t error, const std::string& text);

/// "a read of 4 bytes of shared memory at offset 16"
std::string describe_shared(const Inspected& what);
std::string describe_global(const Inspected& what);

}  // namespace skewbench::cuda_on_cpu
