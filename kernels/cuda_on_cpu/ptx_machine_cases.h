// Launchers of the kernels that execute single instructions on memory, on warps, on tensor cores, and branches. All pointers
// are device memory.
#pragma once

#include <cstdint>

namespace skewbench::cuda_on_cpu {

constexpr int kMemoryThreads = 8;
constexpr int kSlotWords = 2;  ///< 64-bit words of a slot
constexpr int kSlots = 4;      ///< of a thread: an image of memory, one that is changed, values, one more

/// inputs: the slots of each thread. outputs: [result][thread], in the order of ptx_memory_cases.h.
void run_memory_cases(uint64_t* inputs, uint64_t* outputs);
/// Copies 4 words.
void run_policies(const uint32_t* from, uint32_t* to);

}  // namespace skewbench::cuda_on_cpu
