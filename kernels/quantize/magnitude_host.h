// The largest magnitude in vector registers. For *_host.cc files.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace skewbench::quantize {

/// max |v|; infinity above all numbers and a NaN above it, which is the order of the bits without the sign.
inline float largest_magnitude(int64_t count, const float* v) {
  uint32_t largest = 0;
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::bit_cast<uint32_t>(v[i]) & 0x7FFFFFFFu);
  return std::bit_cast<float>(largest);
}

}  // namespace skewbench::quantize
