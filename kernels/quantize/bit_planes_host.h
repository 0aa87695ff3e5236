// Groups of codes to words and back, in vector registers. For *_host.cc files.
#pragma once

#include "kernels/quantize/bit_planes.h"

namespace skewbench::quantize {

/// codes[32] to words[bits].
inline void pack_group(const uint32_t* __restrict codes, int bits, uint32_t* __restrict words) {
  for (int p = 0; p < bits; ++p) {
    uint32_t word = 0;
#pragma omp simd reduction(| : word)
    for (int i = 0; i < kGroup; ++i) word |= (codes[i] >> p & 1u) << i;
    words[p] = word;
  }
}

/// words[bits] to codes[32].
inline void unpack_group(const uint32_t* __restrict words, int bits, uint32_t* __restrict codes) {
#pragma omp simd
  for (int i = 0; i < kGroup; ++i) codes[i] = words[0] >> i & 1u;
  for (int p = 1; p < bits; ++p) {
    const uint32_t word = words[p];
#pragma omp simd
    for (int i = 0; i < kGroup; ++i) codes[i] |= (word >> i & 1u) << p;
  }
}

}  // namespace skewbench::quantize
