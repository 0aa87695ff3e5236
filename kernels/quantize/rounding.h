// What an encoder does with one number, for host and device: IEEE single precision, each operation rounded once, no
// contraction.
#pragma once

#include <cfloat>
#include <cmath>
#include <cstdint>

#include "kernels/base/philox.h"

namespace skewbench::quantize {

/// The scale of a message that has none, because what it encodes holds a NaN or an infinity, or its norm overflows: one
/// particular NaN, since devices differ in the NaN they compute. Everything decoded with it is a NaN.
inline constexpr uint32_t kNoScale = 0x7FC00000u;

SKEWBENCH_HOST_DEVICE inline bool is_finite(float value) { return fabsf(value) <= FLT_MAX; }  // a NaN is not

/// The scale's bits as they stand in a message.
SKEWBENCH_HOST_DEVICE inline uint32_t scale_bits(float scale) {
  return is_finite(scale) ? __builtin_bit_cast(uint32_t, scale) : kNoScale;
}

/// A level in [0, levels] whose expected value is y = magnitude / scale * levels: the integer part of y, and one more if
/// draw / 2^32 is below the rest. 0 <= magnitude <= scale and scale > 0, so y is at most `levels`.
SKEWBENCH_HOST_DEVICE inline uint32_t stochastic_level(float magnitude, float scale, float levels, uint32_t draw) {
  const float y = magnitude / scale * levels;
  const uint32_t below = static_cast<uint32_t>(y);
  const float rest = y - static_cast<float>(below);  // exact
  // draw < rest * 2^32 in integers: the product is exact, and below 2^32 since rest is at most 1 - 2^-24.
  return below + (draw < static_cast<uint32_t>(ceilf(rest * 4294967296.0f)) ? 1u : 0u);
}

/// What a scaled sign leaves of p: p - scale or p + scale; one particular NaN where there is no scale.
SKEWBENCH_HOST_DEVICE inline float kept_of_sign(float p, float scale) {
  const float kept = p - (p < 0 ? -scale : scale);
  return scale == scale ? kept : __builtin_bit_cast(float, kNoScale);
}

/// Level and sign as a code: bit 0 is set for a negative number, the level stands above it. Level 0 has no sign.
SKEWBENCH_HOST_DEVICE inline uint32_t signed_code(float value, uint32_t level) {
  return level << 1 | (value < 0 && level > 0 ? 1u : 0u);
}

/// The number of a code; exactly +-scale at the highest level, +0 at level 0, NaN if the scale is one.
SKEWBENCH_HOST_DEVICE inline float decoded(uint32_t code, float scale, float levels) {
  const float magnitude = static_cast<float>(code >> 1) / levels * scale;
  return code & 1 ? -magnitude : magnitude;
}

}  // namespace skewbench::quantize
