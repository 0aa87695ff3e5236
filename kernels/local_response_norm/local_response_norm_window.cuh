// What the rungs share: a problem in ints and floats, windows that end at the image, the power.
#pragma once

#include "kernels/base/launch.h"
#include "kernels/local_response_norm/local_response_norm_cuda.h"

namespace skewbench::local_response_norm {

/// A Problem whose rows of w * c floats fit into an int.
struct Geometry {
  explicit Geometry(const Problem& problem)
      : h(static_cast<int>(problem.h)),
        w(static_cast<int>(problem.w)),
        c(static_cast<int>(problem.c)),
        reach(static_cast<int>((problem.size - 1) / 2)),
        beta(problem.beta) {
    const auto size = static_cast<double>(problem.size);
    const double per_element = static_cast<double>(problem.alpha) / (problem.form == Form::within_channel ? size * size : size);
    alpha = static_cast<float>(per_element);
    factor = static_cast<float>(2 * static_cast<double>(problem.beta) * per_element);
  }
  int h, w, c, reach;
  float alpha;   ///< of one element of the window
  float beta;
  float factor;  ///< 2 beta alpha: of the backward pass's sum
};

/// Coordinates [begin, end) of the window around `at` that lie inside [0, extent); never none.
struct Span {
  int begin, end;
};
__device__ inline Span around(int at, int reach, int extent) {
  const Span span{max(at - reach, 0), min(at + reach + 1, extent)};
  __builtin_assume(span.begin < span.end);  // loops over it need not ask before the first turn
  return span;
}

/// s^-beta by two instructions of the special function unit: for s in [1, 1000] some 4 ulps, most of them the rounding of the
/// exponent, and no more than rounding s itself to float may cost.
__device__ inline float to_minus_beta(float s, float beta) { return exp2f(-beta * __log2f(s)); }

/// The grid of every rung: blockIdx.x is a row of all images, blockIdx.y and the threads divide the row's `items`.
inline dim3 row_grid(int64_t rows, int64_t items, int64_t block) {
  return {static_cast<unsigned>(rows), static_cast<unsigned>(device::ceil_div(items, block))};
}

}  // namespace skewbench::local_response_norm
