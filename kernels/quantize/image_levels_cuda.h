// The CUDA versions of image_levels.h: the same messages and images to the bit. All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/versions.h"
#include "kernels/quantize/image_levels.h"

namespace skewbench::quantize {

/// images [count] to message [message_words()].
struct ImageLevelsEncode {
  ImageLevels problem;
  Draws draws;
  const uint8_t* images;
  uint32_t* message;
  int64_t bytes_read() const { return problem.count; }                   ///< the least that any version must read,
  int64_t bytes_written() const { return 4 * problem.message_words(); }  ///< and write
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// message to images [count], T = uint8_t or float.
template <class T>
struct ImageLevelsDecode {
  ImageLevels problem;
  const uint32_t* message;
  T* images;
  int64_t bytes_read() const { return 4 * problem.message_words(); }
  int64_t bytes_written() const { return static_cast<int64_t>(sizeof(T)) * problem.count; }
  double flops() const { return 0; }
};
using ImageLevelsToBytes = ImageLevelsDecode<uint8_t>;
using ImageLevelsToFloats = ImageLevelsDecode<float>;

device::Versions<ImageLevelsEncode> image_levels_encode_versions();
device::Versions<ImageLevelsToBytes> image_levels_to_bytes_versions();
device::Versions<ImageLevelsToFloats> image_levels_to_floats_versions();

// The launchers, one file a version.
namespace v1 {  // byte_per_thread
void image_levels_encode(const ImageLevelsEncode&, void* workspace, device::Stream);
void image_levels_to_bytes(const ImageLevelsToBytes&, void* workspace, device::Stream);
void image_levels_to_floats(const ImageLevelsToFloats&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // tables_in_shared_memory
void image_levels_encode(const ImageLevelsEncode&, void* workspace, device::Stream);
void image_levels_to_bytes(const ImageLevelsToBytes&, void* workspace, device::Stream);
void image_levels_to_floats(const ImageLevelsToFloats&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::quantize
