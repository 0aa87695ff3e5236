// Blocks of elements: the sum of a block stays in the first-level cache while the inputs are added to it, so memory
// sees each vector once. Inputs are taken in pairs, which halves the traffic between the cache and the registers; the
// order of the additions of an element is the same.
#include <algorithm>
#include <cmath>

#include "kernels/mix/mix.h"
#include "kernels/mix/mix_check.h"

namespace skewbench::mix {
namespace {

constexpr int64_t kBlockBytes = 8192;  // the sum and a pair of inputs fit a first-level cache several times

// The stride as a type: 1 and 2 (one half of an interleaved message) are known to the compiler and vectorised.
template <int64_t kKnown>
struct Stride {
  explicit Stride(int64_t) {}
  static constexpr int64_t value = kKnown;
};
template <>
struct Stride<0> {
  explicit Stride(int64_t stride) : value(stride) {}
  int64_t value;
};

template <class T, class Body>
void with_stride(int64_t stride, Body body) {
  if (stride == 1)
    body(Stride<1>(1));
  else if (stride == 2)
    body(Stride<2>(2));
  else
    body(Stride<0>(stride));
}

template <class T, class S>
void set(const Input<T>& input, S stride, int64_t begin, int64_t count, T* __restrict sum) {
  const T* x = input.data + begin * stride.value;
  const T w = input.weight;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] = w * x[i * stride.value];
}

template <class T, class S>
void add(const Input<T>& input, S stride, int64_t begin, int64_t count, T* __restrict sum) {
  const T* x = input.data + begin * stride.value;
  const T w = input.weight;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] = std::fma(w, x[i * stride.value], sum[i]);
}

template <class T>
void add_pair(const Input<T>& a, const Input<T>& b, int64_t begin, int64_t count, T* __restrict sum) {
  const T* x = a.data + begin;
  const T* y = b.data + begin;
  const T v = a.weight, w = b.weight;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] = std::fma(w, y[i], std::fma(v, x[i], sum[i]));
}

template <class T, class S>
void store(const T* __restrict sum, S stride, int64_t count, T* out) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i * stride.value] = sum[i];
}

}  // namespace

template <class T>
void mix_host(std::span<const Input<T>> inputs, int64_t count, T* out, int64_t out_stride) {
  check(inputs, count, out_stride);
  constexpr int64_t kBlock = kBlockBytes / sizeof(T);
  alignas(64) T sum[kBlock];
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t length = std::min(kBlock, count - begin);
    with_stride<T>(inputs[0].stride, [&](auto stride) { set(inputs[0], stride, begin, length, sum); });
    for (std::size_t k = 1; k < inputs.size(); ++k) {
      if (k + 1 < inputs.size() && inputs[k].stride == 1 && inputs[k + 1].stride == 1) {
        add_pair(inputs[k], inputs[k + 1], begin, length, sum);
        ++k;
      } else {
        with_stride<T>(inputs[k].stride, [&](auto stride) { add(inputs[k], stride, begin, length, sum); });
      }
    }
    with_stride<T>(out_stride, [&](auto stride) { store(sum, stride, length, out + begin * out_stride); });
  }
}

template void mix_host(std::span<const Input<float>>, int64_t, float*, int64_t);
template void mix_host(std::span<const Input<double>>, int64_t, double*, int64_t);

}  // namespace skewbench::mix
