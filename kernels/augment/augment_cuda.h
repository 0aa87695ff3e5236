// The CUDA versions of augment.h, byte for byte. All pointers are device memory.
// Default: the last version in the table that takes the problem.
#pragma once

#include <cstdint>

#include "kernels/augment/augment.h"
#include "kernels/base/versions.h"

namespace skewbench::augment {

struct Augment {
  Problem problem;
  int64_t n;
  const uint8_t* images;  ///< [n, h, w, pixel_bytes]
  const Change* changes;  ///< [n]
  uint8_t* out;           ///< as images, which it must not overlap
  int64_t bytes_read() const { return n * (problem.image_bytes() + static_cast<int64_t>(sizeof(Change))); }  ///< where nothing is cropped away
  int64_t bytes_written() const { return n * problem.image_bytes(); }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

device::Versions<Augment> augment_versions();

// The launchers, one file a version.
namespace v1 {  // byte_per_thread
void augment(const Augment&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // four_bytes
void augment(const Augment&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::augment
