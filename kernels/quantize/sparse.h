// A few coordinates of a tensor: which ones is chosen by top_k.h or random_k.h, here they are taken out and put back.
//
// MESSAGE of k coordinates: values, k floats, and for top-k behind them the indices, k int32 in ascending order: 64 bits per
// coordinate sent. Random-k has the same indices on all workers and sends values only: 32 bits.
//
// Error feedback (Stich, Cordonnier, Jaggi, "Sparsified SGD with memory", NIPS 2018, algorithm 1): add the update to the memory, choose
// from the memory, `take` the values out of it. What stays is the memory of the next step, and sent + kept = given exactly, bit for bit.
// Without error feedback random-k is unbiased with the factor n / k; with it there is no factor, since it would not contract.
//
// Numbers are moved, not computed with: NaN, infinity and denormals arrive as they are.
#pragma once

#include <cstdint>
#include <iosfwd>  // names std::string (kernels/base/versions.h)

namespace skewbench::quantize {

/// k coordinates of a tensor of n.
struct Sparse {
  int64_t count;  ///< n in [1, 2^31 - 1]
  int64_t k;      ///< in [1, n]
};

/// What is wrong with the problem; empty if nothing.
std::string why_not(const Sparse& problem);

// indices [k] ascend strictly within [0, n). On the CPU others are refused, on a device they are the caller's promise.

/// values[j] = factor * x[indices[j]]; a factor of 1 moves the bits.
void gather_ref(const Sparse& problem, const int32_t* indices, const float* x, float factor, float* values);
void gather_host(const Sparse& problem, const int32_t* indices, const float* x, float factor, float* values);

/// values[j] = x[indices[j]], and x[indices[j]] = 0.
void take_ref(const Sparse& problem, const int32_t* indices, float* x, float* values);
void take_host(const Sparse& problem, const int32_t* indices, float* x, float* values);

/// out [n] = values at the indices and zeros elsewhere; or, where `add` says so, values added at the indices.
void scatter_ref(const Sparse& problem, const int32_t* indices, const float* values, float* out, bool add);
void scatter_host(const Sparse& problem, const int32_t* indices, const float* values, float* out, bool add);

}  // namespace skewbench::quantize
