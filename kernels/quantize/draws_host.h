// The random numbers of a run of elements, several Philox blocks side by side in vector registers. For *_host.cc files.
#pragma once

#include "kernels/base/philox.h"

namespace skewbench::quantize {

/// out[i] = draws.of(begin + i) for i in [0, 4 * kQuads); begin is a multiple of 4.
template <int kQuads>
void draw_quads(const Draws& draws, int64_t begin, uint32_t* __restrict out) {
  alignas(64) uint32_t words[4][kQuads];
#pragma omp simd
  for (int q = 0; q < kQuads; ++q) {
    const PhiloxBlock block = draws.quad(begin / 4 + q);
    words[0][q] = block.a, words[1][q] = block.b, words[2][q] = block.c, words[3][q] = block.d;
  }
  for (int q = 0; q < kQuads; ++q)
    for (int w = 0; w < 4; ++w) out[4 * q + w] = words[w][q];
}

}  // namespace skewbench::quantize
