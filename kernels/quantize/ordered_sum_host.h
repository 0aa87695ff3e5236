// ordered_sum.h in vector registers. For *_host.cc files.
#pragma once

#include <algorithm>
#include <bit>

#include "kernels/quantize/ordered_sum.h"

namespace skewbench::quantize {

/// `width` lanes are in use, a power of two.
inline double add_neighbours(double* lanes, int64_t width) {
  for (int64_t length = width / 2; length > 0; length /= 2) {
#pragma GCC ivdep
    for (int64_t e = 0; e < length; ++e) lanes[e] = lanes[2 * e] + lanes[2 * e + 1];  // reads ahead of what it writes
  }
  return lanes[0];
}

template <class Term>
double lane_sum(int64_t count, Term term) {
  alignas(64) double lanes[kLanes];
  const int64_t width = std::min<int64_t>(kLanes, static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(count))));
  std::fill_n(lanes, width, 0.0);
  for (int64_t row = 0; row < count; row += kLanes) {
    const int64_t length = std::min<int64_t>(kLanes, count - row);
#pragma GCC ivdep
    for (int64_t e = 0; e < length; ++e) lanes[e] += term(row + e);
  }
  return add_neighbours(lanes, width);
}

/// term(i) must not depend on the order of the calls.
template <class Term>
double ordered_sum(int64_t count, Term term) {
  return lane_sum((count + kChunk - 1) / kChunk, [=](int64_t chunk) {
    const int64_t begin = chunk * kChunk;
    return lane_sum(std::min(kChunk, count - begin), [=](int64_t i) { return term(begin + i); });
  });
}

}  // namespace skewbench::quantize
