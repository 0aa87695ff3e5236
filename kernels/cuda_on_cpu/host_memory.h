// Page-locked host memory: what asynchronous copies need to be asynchronous.
#pragma once

#include <cstdint>

namespace skewbench::cuda_on_cpu {

/// Null if there is not enough.
void* allocate_pinned(uint64_t bytes);
/// False if nothing begins there.
bool release_pinned(void* pointer);

/// Whether all of it is page-locked.
bool is_pinned(const void* pointer, uint64_t bytes);

}  // namespace skewbench::cuda_on_cpu
