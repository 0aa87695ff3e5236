// The step of one element on the device: the operations of sgd.h, in its order.
#pragma once

#include "kernels/sgd/sgd_cuda.h"

namespace skewbench::sgd {

/// A range's factors, rounded to float where the reference rounds them.
struct Factors {
  __device__ Factors(const Step& a, const Range& range)
      : rate(static_cast<float>(a.options.lr * range.lr_multiplier)),
        decay(static_cast<float>(a.options.weight_decay * range.decay_multiplier)),
        momentum(static_cast<float>(a.options.momentum)),
        share(static_cast<float>(a.options.statistic_momentum)),
        uses_momentum(a.momentum && momentum != 0),
        is_nesterov(a.options.nesterov) {}

  /// x after a step without momentum.
  __device__ float plain(float x, float gradient) const { return fmaf(-rate, fmaf(decay, x, gradient), x); }

  /// x after a step with momentum; m becomes m'.
  __device__ float with_momentum(float x, float gradient, float& m) const {
    const float g = fmaf(decay, x, gradient);
    m = fmaf(momentum, m, g);
    return fmaf(-rate, is_nesterov ? fmaf(momentum, m, g) : m, x);
  }

  __device__ float statistic(float x, float of_batch) const { return fmaf(share, of_batch - x, x); }

  float rate, decay, momentum, share;
  bool uses_momentum, is_nesterov;
};

/// Element i of the tensor `range`, all of it: load, step, store.
__device__ inline void step_element(const Step& a, const Range& range, const Factors& factors, int64_t i) {
  const float x = a.x[i];
  if (range.is_statistic) {
    a.x_out[i] = a.options.frozen_statistics ? x : factors.statistic(x, a.gradient[i]);
  } else if (factors.uses_momentum) {
    float m = a.momentum[i];
    a.x_out[i] = factors.with_momentum(x, a.gradient[i], m);
    if (a.update_momentum) a.momentum[i] = m;
  } else {
    a.x_out[i] = factors.plain(x, a.gradient[i]);
  }
}

}  // namespace skewbench::sgd
