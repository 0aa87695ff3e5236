// Codes of `bits` bits each, packed as bit planes: 32 neighbours are a group, and a group is `bits` words.
//
//   bit i % 32 of word (i / 32) * bits + p  is  bit p of code i
//
// so n codes take ceil(n / 32) * bits words of 32 bits, and the bits behind code n - 1 in the last group are 0. The layout has
// no padding inside a group whatever the width, and a word is what a warp's ballot gives.
#pragma once

#include <cstdint>

namespace skewbench::quantize {

inline constexpr int kGroup = 32;  // codes of a group: the bits of a word

constexpr int64_t plane_words(int64_t count, int bits) { return (count + kGroup - 1) / kGroup * bits; }

}  // namespace skewbench::quantize
