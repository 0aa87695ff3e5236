// The weighted sum of several vectors in one pass: what a worker does with its neighbours' parameters.
//
// The order of operations is part of the contract, so that every device and every rank count gives the same bits:
//   acc = w_0 * x_0[i];  acc = fma(w_k, x_k[i], acc) for k = 1, 2, ... in the given order;  out[i] = acc
// in T throughout. The reference does exactly this (no wider accumulator), so reference and host are equal to the bit.
#pragma once

#include <cstdint>
#include <span>

namespace skewbench::mix {

/// One vector of the sum: element i is data[i * stride]. A stride other than 1 reads an interleaved message in place.
template <class T>
struct Input {
  const T* data;
  int64_t stride;  ///< elements, >= 1
  T weight;
};

/// out[i * out_stride] = sum over inputs of weight * data[i * stride], for i in [0, count); the elements of out between
/// the strides are left alone. out may be one of the inputs (same data and stride); any other overlap is undefined.
/// No input, a negative count or a stride below 1 is refused. T is float or double.
template <class T>
void mix_ref(std::span<const Input<T>> inputs, int64_t count, T* out, int64_t out_stride);

/// The same bits, in blocks that stay in the cache while every input is added: each vector is read once.
template <class T>
void mix_host(std::span<const Input<T>> inputs, int64_t count, T* out, int64_t out_stride);

}  // namespace skewbench::mix
