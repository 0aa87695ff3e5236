#include "kernels/mix/mix.h"

#include <cmath>

#include "kernels/mix/mix_check.h"

namespace skewbench::mix {

template <class T>
void mix_ref(std::span<const Input<T>> inputs, int64_t count, T* out, int64_t out_stride) {
  check(inputs, count, out_stride);
  for (int64_t i = 0; i < count; ++i) {
    T sum = inputs[0].weight * inputs[0].data[i * inputs[0].stride];
    for (std::size_t k = 1; k < inputs.size(); ++k)
      sum = std::fma(inputs[k].weight, inputs[k].data[i * inputs[k].stride], sum);
    out[i * out_stride] = sum;
  }
}

template void mix_ref(std::span<const Input<float>>, int64_t, float*, int64_t);
template void mix_ref(std::span<const Input<double>>, int64_t, double*, int64_t);

}  // namespace skewbench::mix
