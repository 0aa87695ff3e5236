// The CUDA versions of squared_distance.h, in float. All pointers are device memory. Default: the last version in the table.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"

namespace skewbench::squared_distance {

/// *out = sum of (double(a[i]) - double(b[i]))^2, in double and in an order that depends on count alone.
struct Distance {
  int64_t count;
  const float* a;  ///< [count]
  const float* b;  ///< [count]; may be a
  double* out;     ///< one number
  int64_t bytes_read() const { return 8 * count; }
  int64_t bytes_written() const { return 8; }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

device::Versions<Distance> distance_versions();

// The launchers, one file a version.
namespace v1 {  // block_sums
int64_t workspace_bytes(const Distance&);
void distance(const Distance&, void* workspace, device::Stream);
}  // namespace v1

}  // namespace skewbench::squared_distance
