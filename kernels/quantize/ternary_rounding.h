// What TernGrad does with one number and with a tensor's sums, for host and device.
#pragma once

#include "kernels/quantize/rounding.h"
#include "kernels/quantize/ternary.h"

namespace skewbench::quantize {

/// One coordinate has no deviation to clip at.
inline bool is_clipped(const Ternary& problem) { return problem.clip > 0 && problem.count > 1; }

/// Bits of the scale from the sums of deviations from the first coordinate and of their squares.
SKEWBENCH_HOST_DEVICE inline uint32_t clipped_scale_bits(double sum, double squares, int64_t count, float clip) {
  const double variance = (squares - sum * sum / static_cast<double>(count)) / static_cast<double>(count);
  return scale_bits(static_cast<float>(static_cast<double>(clip) * sqrt(variance)));
}

/// Bits of a message's scale from what the workers agreed on.
SKEWBENCH_HOST_DEVICE inline uint32_t agreed_scale_bits(float limit, float scale) {
  return limit >= 0 && is_finite(limit) && scale >= 0 ? scale_bits(fabsf(scale)) : kNoScale;  // -0 is 0
}

/// scale > 0
SKEWBENCH_HOST_DEVICE inline uint32_t ternary_code(float x, float limit, float scale, uint32_t draw) {
  const float magnitude = fabsf(x), clipped = magnitude < limit ? magnitude : limit;
  return signed_code(x, stochastic_level(clipped < scale ? clipped : scale, scale, 1.0f, draw));
}

}  // namespace skewbench::quantize
