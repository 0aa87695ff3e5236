// The CUDA versions of random_k.h: the same indices. All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/quantize/random_k.h"

namespace skewbench::quantize {

/// indices [k] in [0, n), ascending.
struct RandomK {
  Sparse problem;
  Draws draws;
  int32_t* indices;
  int64_t bytes_read() const { return 0; }                 ///< the least that any version must read,
  int64_t bytes_written() const { return 4 * problem.k; }  ///< and write
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// Numbers by random_k_v1_quad_per_thread.cu, then v1 and v2 of radix_select_cuda.h.
device::Versions<RandomK> random_k_versions();

namespace v1 {  // quad_per_thread
/// numbers[i] = draws.of(i) for i in [0, count), and up to three more; 16-byte aligned.
void draw_numbers(int64_t count, const Draws& draws, uint32_t* numbers, device::Stream);
}  // namespace v1

}  // namespace skewbench::quantize
