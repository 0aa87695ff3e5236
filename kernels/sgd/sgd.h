// Stochastic gradient descent with (Nesterov) momentum, weight decay and multipliers per tensor, on the flat vector.
//
// Per element of a trainable tensor, in T and in this order (so reference and host are equal to the bit):
//   g  = fma(decay, x, gradient)          decay = T(weight_decay * decay_multiplier)
//   m' = fma(momentum, m, g)              dampening 0; m starts at zero
//   d  = nesterov ? fma(momentum, m', g) : m'
//   x_out = fma(-rate, d, x)              rate = T(lr * lr_multiplier)
// Without momentum (no buffer, or momentum == 0) d = g. Source: epfml/relaysgd, algorithms/base_optimizers.py (SGD).
#pragma once

#include "kernels/base/layout.h"

namespace skewbench::sgd {

struct Options {
  double lr = 0.1;
  double momentum = 0.9;
  double weight_decay = 0;
  bool nesterov = true;
  double statistic_momentum = 0.1;  ///< share of the batch's statistic that enters a running statistic
  bool frozen_statistics = false;   ///< running statistics stay as they are
};

/// One step: x, gradient, momentum and x_out are flat vectors of layout.size() elements.
/// - x_out may be x. Gaps between tensors are written as zero in x_out and neither read nor written elsewhere.
/// - momentum may be null, which means none. m' is stored only if update_momentum: quasi-global momentum uses m' for
///   this step and keeps m. A buffer is not touched when options.momentum == 0.
/// - In the range of a running statistic `gradient` holds the statistic s of this batch, and
///   x_out = fma(statistic_momentum, s - x, x), or x if frozen_statistics; its momentum is not touched.
/// T is float or double.
template <class T>
void step_ref(const Layout& layout, const Options& options, const T* x, const T* gradient, T* momentum, T* x_out,
              bool update_momentum);

template <class T>
void step_host(const Layout& layout, const Options& options, const T* x, const T* gradient, T* momentum, T* x_out,
               bool update_momentum);

}  // namespace skewbench::sgd
