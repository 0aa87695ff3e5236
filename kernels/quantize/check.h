// Refusals that the codecs share. For .cc files of this folder.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/philox.h"

namespace skewbench::quantize {

inline void require(const std::string& objection) { REQUIRE(objection.empty(), "{}", objection); }

/// A count of coordinates; the limit is that of random numbers by element, for codecs without any too.
inline std::string why_not_count(int64_t count) {
  if (count >= 1 && count <= Draws::kLongest) return "";
  return fmt::format("{} coordinates: there must be 1 to {}", count, Draws::kLongest);
}

/// Whether the stream has numbers for `count` elements.
inline std::string why_not_draws(const Draws& draws, int64_t count) {
  if (draws.first < 0 || draws.first % 4 != 0) return fmt::format("random numbers from {} on: it must be a multiple of 4", draws.first);
  if (draws.first <= Draws::kLongest - count) return "";
  return fmt::format("random numbers {} to {}: a stream has {}", draws.first, draws.first + count - 1, Draws::kLongest);
}

}  // namespace skewbench::quantize
