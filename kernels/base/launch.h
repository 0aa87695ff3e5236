// What launchers of CUDA kernels share. No CUDA header; usable in .cu and .cc files.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "kernels/base/stream.h"

namespace skewbench::device {

inline constexpr int kWarp = 32;

constexpr int64_t ceil_div(int64_t value, int64_t step) { return (value + step - 1) / step; }

/// The product of sizes, none of them negative; -1 where it does not fit into int64_t.
inline int64_t product(std::initializer_list<int64_t> sizes) {
  int64_t result = 1;
  for (const int64_t size : sizes)
    if (__builtin_mul_overflow(result, size, &result)) return -1;
  return result;
}

inline constexpr int64_t kMostBlocks = 2147483647;  ///< of a grid in x
inline constexpr int64_t kMostBlocksY = 65535;      ///< in y, and in z

/// The most blocks of a grid that strides: they fill the largest GPU several times (132 multiprocessors x 16 blocks, rounded
/// up). Tests lower it (test_arrays::FewBlocks), so that small arrays take a thread several turns of its loop.
inline int64_t most_striding_blocks = 4096;

/// Blocks of a grid that strides over `work` items with `block` threads each: enough for all of them, at least one, and no more
/// than most_striding_blocks.
inline unsigned grid_stride_blocks(int64_t work, int64_t block) {
  const int64_t wanted = ceil_div(work, block);
  return static_cast<unsigned>(wanted < 1 ? 1 : wanted > most_striding_blocks ? most_striding_blocks : wanted);
}

/// Whether 16-byte accesses may be used on it.
inline bool is_aligned(const void* pointer, uintptr_t bytes = 16) { return reinterpret_cast<uintptr_t>(pointer) % bytes == 0; }

}  // namespace skewbench::device
