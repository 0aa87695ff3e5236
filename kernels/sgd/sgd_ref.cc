#include "kernels/sgd/sgd.h"

#include <cmath>

namespace skewbench::sgd {

template <class T>
void step_ref(const Layout& layout, const Options& options, const T* x, const T* gradient, T* momentum, T* x_out,
              bool update_momentum) {
  int64_t next = 0;  // first element that is not written yet
  for (const Tensor& tensor : layout.tensors()) {
    const T rate = static_cast<T>(options.lr * tensor.lr_multiplier);
    const T decay = static_cast<T>(options.weight_decay * tensor.decay_multiplier);
    const T beta = static_cast<T>(options.momentum);
    for (; next < tensor.offset; ++next) x_out[next] = 0;
    for (; next < tensor.offset + tensor.length; ++next) {
      if (tensor.kind == TensorKind::running_statistic) {
        x_out[next] = options.frozen_statistics
                          ? x[next]
                          : std::fma(static_cast<T>(options.statistic_momentum), gradient[next] - x[next], x[next]);
        continue;
      }
      const T g = std::fma(decay, x[next], gradient[next]);
      T direction = g;
      if (momentum && beta != 0) {
        const T m = std::fma(beta, momentum[next], g);
        direction = options.nesterov ? std::fma(beta, m, g) : m;
        if (update_momentum) momentum[next] = m;
      }
      x_out[next] = std::fma(-rate, direction, x[next]);
    }
  }
  for (; next < layout.size(); ++next) x_out[next] = 0;
}

template void step_ref(const Layout&, const Options&, const float*, const float*, float*, float*, bool);
template void step_ref(const Layout&, const Options&, const double*, const double*, double*, double*, bool);

}  // namespace skewbench::sgd
