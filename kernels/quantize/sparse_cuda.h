// The CUDA versions of sparse.h: numbers are moved, so the same bits. All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/quantize/sparse.h"

namespace skewbench::quantize {

/// values[j] = factor * x[indices[j]]; indices [k] ascend strictly within [0, n).
struct Gather {
  Sparse problem;
  const int32_t* indices;
  const float* x;
  float factor;
  float* values;
  int64_t bytes_read() const { return 8 * problem.k; }     ///< the least that any version must read,
  int64_t bytes_written() const { return 4 * problem.k; }  ///< and write
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// values[j] = x[indices[j]], and x[indices[j]] = 0.
struct Take {
  Sparse problem;
  const int32_t* indices;
  float* x;
  float* values;
  int64_t bytes_read() const { return 8 * problem.k; }
  int64_t bytes_written() const { return 8 * problem.k; }
  double flops() const { return 0; }
};

/// out [n] = values at the indices and zeros elsewhere; or, where `add` says so, values added at the indices.
struct Scatter {
  Sparse problem;
  const int32_t* indices;
  const float* values;
  float* out;
  bool add;
  int64_t bytes_read() const { return (add ? 12 : 8) * problem.k; }
  int64_t bytes_written() const { return 4 * (add ? problem.k : problem.count); }
  double flops() const { return 0; }
};

device::Versions<Gather> gather_versions();
device::Versions<Take> take_versions();
device::Versions<Scatter> scatter_versions();

// The launchers, one file a version.
namespace v1 {  // value_per_thread
void gather(const Gather&, void* workspace, device::Stream);
void take(const Take&, void* workspace, device::Stream);
void scatter(const Scatter&, void* workspace, device::Stream);
}  // namespace v1

}  // namespace skewbench::quantize
