// The CUDA versions of ternary.h: the same scales and messages to the bit. All pointers are device memory. Messages are decoded by
// qsgd_cuda.h with the problem message().
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/quantize/ternary.h"

namespace skewbench::quantize {

/// *scale = this worker's scale of x [count].
struct TernaryScale {
  Ternary problem;
  const float* x;
  float* scale;
  int64_t bytes_read() const { return 4 * problem.count; }  ///< the least that any version must read,
  int64_t bytes_written() const { return 4; }               ///< and write
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// x [count] to message [message_words()]; *limit is this worker's scale, *scale the one agreed on, which may be the same number.
struct TernaryEncode {
  Ternary problem;
  Draws draws;
  const float* x;
  const float* limit;
  const float* scale;
  uint32_t* message;
  int64_t bytes_read() const { return 4 * problem.count + 8; }
  int64_t bytes_written() const { return 4 * problem.message_words(); }
  double flops() const { return 0; }
};

device::Versions<TernaryScale> ternary_scale_versions();
device::Versions<TernaryEncode> ternary_encode_versions();

// The launchers, one file a version.
namespace v1 {  // coordinate_per_thread
void ternary_scale(const TernaryScale&, void* workspace, device::Stream);
void ternary_encode(const TernaryEncode&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // four_at_once
void ternary_scale(const TernaryScale&, void* workspace, device::Stream);
void ternary_encode(const TernaryEncode&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::quantize
