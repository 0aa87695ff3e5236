// Refusals that CUDA versions of the codecs share. For *_cuda.cc files of this folder.
#pragma once

#include <initializer_list>

#include "kernels/base/launch.h"
#include "kernels/quantize/check.h"

namespace skewbench::quantize {

/// The first objection of several.
inline std::string first_of(std::initializer_list<std::string> objections) {
  for (const std::string& objection : objections)
    if (!objection.empty()) return objection;
  return "";
}

inline std::string why_not_aligned(const void* pointer) {
  return device::is_aligned(pointer) ? "" : fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", pointer);
}

/// For versions that number quads in 32 bits.
inline std::string why_not_quads(int64_t count) {
  constexpr int64_t kMost = int64_t{1} << 33;
  return count <= kMost ? "" : fmt::format("{} coordinates: there must be at most {}", count, kMost);
}

}  // namespace skewbench::quantize
