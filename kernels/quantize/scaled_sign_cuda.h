// The CUDA versions of scaled_sign.h: the same messages and memories to the bit. All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/quantize/scaled_sign.h"

namespace skewbench::quantize {

/// x [count] to message [message_words()]; memory [count] is read and updated, or null: no error feedback.
struct ScaledSignEncode {
  ScaledSign problem;
  const float* x;
  float* memory;
  uint32_t* message;
  int64_t bytes_read() const { return (memory ? 8 : 4) * problem.count; }  ///< the least that any version must read,
  int64_t bytes_written() const { return (memory ? 4 * problem.count : 0) + 4 * problem.message_words(); }  ///< and write
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// out[i] = decoded number, or out[i] + it where `add` says so.
struct ScaledSignDecode {
  ScaledSign problem;
  const uint32_t* message;
  float* out;
  bool add;
  int64_t bytes_read() const { return 4 * problem.message_words() + (add ? 4 * problem.count : 0); }
  int64_t bytes_written() const { return 4 * problem.count; }
  double flops() const { return 0; }
};

device::Versions<ScaledSignEncode> scaled_sign_encode_versions();
device::Versions<ScaledSignDecode> scaled_sign_decode_versions();

// The launchers, one file a version.
namespace v1 {  // coordinate_per_thread
void scaled_sign_encode(const ScaledSignEncode&, void* workspace, device::Stream);
void scaled_sign_decode(const ScaledSignDecode&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // four_at_once
void scaled_sign_encode(const ScaledSignEncode&, void* workspace, device::Stream);
void scaled_sign_decode(const ScaledSignDecode&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::quantize
