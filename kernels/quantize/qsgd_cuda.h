// The CUDA versions of qsgd.h: the same messages to the bit. All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/quantize/qsgd.h"

namespace skewbench::quantize {

/// x [count] to message [message_words()].
struct QsgdEncode {
  Qsgd problem;
  Draws draws;
  const float* x;
  uint32_t* message;
  int64_t bytes_read() const { return 4 * problem.count; }               ///< the least that any version must read,
  int64_t bytes_written() const { return 4 * problem.message_words(); }  ///< and write
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// out[i] = decoded number, or out[i] + it where `add` says so.
struct QsgdDecode {
  Qsgd problem;
  const uint32_t* message;
  float* out;
  bool add;
  int64_t bytes_read() const { return 4 * problem.message_words() + (add ? 4 * problem.count : 0); }
  int64_t bytes_written() const { return 4 * problem.count; }
  double flops() const { return 0; }
};

device::Versions<QsgdEncode> qsgd_encode_versions();
device::Versions<QsgdDecode> qsgd_decode_versions();

// The launchers, one file a version.
namespace v1 {  // coordinate_per_thread
void qsgd_encode(const QsgdEncode&, void* workspace, device::Stream);
void qsgd_decode(const QsgdDecode&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // four_at_once
void qsgd_encode(const QsgdEncode&, void* workspace, device::Stream);
void qsgd_decode(const QsgdDecode&, void* workspace, device::Stream);
}  // namespace v2
namespace v3 {  // warp_per_bucket
void qsgd_encode(const QsgdEncode&, void* workspace, device::Stream);
}  // namespace v3

}  // namespace skewbench::quantize
