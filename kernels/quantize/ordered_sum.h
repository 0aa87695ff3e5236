// Sums in an order that plain loops, vector registers and thread blocks can all follow, so that norms and scales have the
// same bits everywhere. Every term and every partial sum is double.
//
//   lane_sum(t_0 .. t_n-1)     256 lanes; lane e starts at 0 and adds t_e, t_e+256, t_e+512 ... in this order. Then neighbours are
//                              added: 128 sums of lanes 2e and 2e + 1, 64 sums of those, ... until one is left.
//   ordered_sum(t_0 .. t_n-1)  lane_sum of the chunks' sums; chunk c has the terms 2048 c .. 2048 c + 2047 (the last one may be
//                              shorter), and its sum is their lane_sum.
//
// A lane without a term is 0, and adding 0 changes no sum, so the lanes behind the last term may be left out.
#pragma once

#include <cstdint>

namespace skewbench::quantize {

inline constexpr int kLanes = 256;
inline constexpr int64_t kChunk = 8 * kLanes;  // terms whose sum a thread block computes alone

/// The rule in plain loops; term(i) for i in [0, count).
template <class Term>
double lane_sum_ref(int64_t count, Term term) {
  double lanes[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i % kLanes] += term(i);
  for (int length = kLanes / 2; length > 0; length /= 2)
    for (int e = 0; e < length; ++e) lanes[e] = lanes[2 * e] + lanes[2 * e + 1];
  return lanes[0];
}

template <class Term>
double ordered_sum_ref(int64_t count, Term term) {
  return lane_sum_ref((count + kChunk - 1) / kChunk, [=](int64_t chunk) {
    const int64_t begin = chunk * kChunk, length = count - begin < kChunk ? count - begin : kChunk;
    return lane_sum_ref(length, [=](int64_t i) { return term(begin + i); });
  });
}

}  // namespace skewbench::quantize
