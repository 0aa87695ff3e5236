// Random-k: k coordinates drawn without replacement, the same ones on all workers that draw with the same key.
//
// Stich, Cordonnier, Jaggi, "Sparsified SGD with memory", NIPS 2018, definition 2.2. Every coordinate draws a number of 32 bits, and the
// coordinates of the k largest are taken; of equal numbers the lowest index wins. So any subset of k is as likely as another but
// for ties, which are one pair in 2^32, any device can draw any part of it, and the choice is the work of top_k.h. It costs a pass
// over n numbers, not k.
//
// Draws must not depend on the worker where indices are not sent: worker 0 for all. Tensors of a vector draw from their offsets on.
#pragma once

#include "kernels/base/philox.h"
#include "kernels/quantize/sparse.h"

namespace skewbench::quantize {

/// indices [k], ascending in [0, n).
void random_k_ref(const Sparse& problem, const Draws& draws, int32_t* indices);
void random_k_host(const Sparse& problem, const Draws& draws, int32_t* indices);

}  // namespace skewbench::quantize
