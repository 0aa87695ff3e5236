// The one operation that every warp collective is made of.
#pragma once

#include "kernels/cuda_on_cpu/block.h"

namespace skewbench::cuda_on_cpu {

struct Gathered {
  const uint64_t* values;  ///< by lane; valid until the thread's next collective
  uint32_t mask;           ///< lanes that exist
};

/// Publishes `value` and returns when all lanes of `mask` have. The last one to arrive calls complete() before anyone
/// goes on.
Gathered gather(Thread& thread, uint32_t mask, uint64_t value, const Place* place,
                void (*complete)(Block& block, Warp& warp, const uint64_t* values) = nullptr);

}  // namespace skewbench::cuda_on_cpu
