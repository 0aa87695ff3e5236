// Top-k: the k coordinates of largest magnitude, exactly k, and the same ones everywhere.
//
// Stich, Cordonnier, Jaggi, "Sparsified SGD with memory", NIPS 2018, definition 2.2: contractive, ||x - top_k(x)||^2 <= (1 - k / n) ||x||^2.
//
// ORDER: by |x_i|, which is the order of the bits without the sign, so -0 equals 0, infinity stands above all numbers and NaN (by
// their payload) above infinity: a diverged coordinate is sent before all others. Of equal magnitudes the lowest index wins.
// The result is unique: k indices, int32, in ascending order, whose values sparse.h takes and scatters.
#pragma once

#include "kernels/quantize/sparse.h"

namespace skewbench::quantize {

/// indices [k] of x [n], ascending.
void top_k_ref(const Sparse& problem, const float* x, int32_t* indices);
void top_k_host(const Sparse& problem, const float* x, int32_t* indices);

}  // namespace skewbench::quantize
