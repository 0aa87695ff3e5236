// The CUDA versions of top_k.h: the same indices. All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/quantize/top_k.h"

namespace skewbench::quantize {

/// indices [k] of the largest magnitudes of x [n], ascending.
struct TopK {
  Sparse problem;
  const float* x;
  int32_t* indices;
  int64_t bytes_read() const { return 4 * problem.count; }  ///< the least that any version must read,
  int64_t bytes_written() const { return 4 * problem.k; }   ///< and write
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// v1 and v2 are those of radix_select_cuda.h.
device::Versions<TopK> top_k_versions();

}  // namespace skewbench::quantize
