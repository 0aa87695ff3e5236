// One loop per kind of step, so that every loop is free of branches and vectorised; memory sees each array once.
#include <algorithm>
#include <cmath>

#include "kernels/sgd/sgd.h"

namespace skewbench::sgd {
namespace {

// x and out may be the same array (never shifted against each other), which simd allows and __restrict would not.
template <class T>
void plain(int64_t count, T rate, T decay, const T* x, const T* gradient, T* out) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] = std::fma(-rate, std::fma(decay, x[i], gradient[i]), x[i]);
}

template <bool kNesterov, bool kStore, class T>
void with_momentum(int64_t count, T rate, T decay, T beta, const T* x, const T* gradient, T* momentum, T* out) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const T g = std::fma(decay, x[i], gradient[i]);
    const T m = std::fma(beta, momentum[i], g);
    const T direction = kNesterov ? std::fma(beta, m, g) : m;
    if constexpr (kStore) momentum[i] = m;
    out[i] = std::fma(-rate, direction, x[i]);
  }
}

template <class T>
void fold_statistic(int64_t count, T share, const T* x, const T* statistic, T* out) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] = std::fma(share, statistic[i] - x[i], x[i]);
}

}  // namespace

template <class T>
void step_host(const Layout& layout, const Options& options, const T* x, const T* gradient, T* momentum, T* x_out,
               bool update_momentum) {
  const T beta = static_cast<T>(options.momentum);
  auto with_momentum_version =
      options.nesterov ? (update_momentum ? &with_momentum<true, true, T> : &with_momentum<true, false, T>)
                       : (update_momentum ? &with_momentum<false, true, T> : &with_momentum<false, false, T>);
  int64_t next = 0;  // first element that is not written yet
  for (const Tensor& tensor : layout.tensors()) {
    std::fill(x_out + next, x_out + tensor.offset, T(0));
    next = tensor.offset + tensor.length;
    const T* const from = x + tensor.offset;
    const T* const g = gradient + tensor.offset;
    T* const out = x_out + tensor.offset;
    const T rate = static_cast<T>(options.lr * tensor.lr_multiplier);
    const T decay = static_cast<T>(options.weight_decay * tensor.decay_multiplier);
    if (tensor.kind == TensorKind::running_statistic) {
      if (!options.frozen_statistics)
        fold_statistic(tensor.length, static_cast<T>(options.statistic_momentum), from, g, out);
      else if (out != from)
        std::copy_n(from, tensor.length, out);
    } else if (momentum && beta != 0) {
      with_momentum_version(tensor.length, rate, decay, beta, from, g, momentum + tensor.offset, out);
    } else {
      plain(tensor.length, rate, decay, from, g, out);
    }
  }
  std::fill(x_out + next, x_out + layout.size(), T(0));
}

template void step_host(const Layout&, const Options&, const float*, const float*, float*, float*, bool);
template void step_host(const Layout&, const Options&, const double*, const double*, double*, double*, bool);

}  // namespace skewbench::sgd
