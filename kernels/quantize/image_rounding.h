// What the quantiser of images does with one byte and with one level, for host and device. All products are below 2^17.
#pragma once

#include "kernels/quantize/image_levels.h"

namespace skewbench::quantize {

/// The lower level of a byte and how often the next one is taken instead: where draw < threshold, of 2^32 draws.
struct LevelOfByte {
  uint32_t level, threshold;
};

/// Nearest rounding is a level that no draw changes. ceil(rest * 2^32 / D) says draw * D < rest * 2^32 in 32 bits, since rest < D; it
/// is divided out in two digits of 16 bits.
SKEWBENCH_HOST_DEVICE inline LevelOfByte level_of_byte(const ImageLevels& problem, int32_t byte) {
  const int32_t below_hi = byte < problem.hi ? byte : problem.hi, x = below_hi > problem.lo ? below_hi : problem.lo;
  const uint32_t range = static_cast<uint32_t>(problem.hi - problem.lo), steps = (1u << problem.bits) - 1;
  const uint32_t above = static_cast<uint32_t>(x - problem.lo) * steps;
  if (problem.rounding == Rounding::nearest) return {(2 * above + range) / (2 * range), 0};
  const uint32_t upper = (above % range) << 16, lower = (upper % range << 16) + range - 1;
  return {above / range, (upper / range << 16) + lower / range};
}

SKEWBENCH_HOST_DEVICE inline uint32_t level_of(const LevelOfByte& of, uint32_t draw) { return of.level + (draw < of.threshold ? 1u : 0u); }

SKEWBENCH_HOST_DEVICE inline uint8_t as_byte(const ImageLevels& problem, uint32_t level) {
  const uint32_t range = static_cast<uint32_t>(problem.hi - problem.lo), steps = (1u << problem.bits) - 1;
  return static_cast<uint8_t>(static_cast<uint32_t>(problem.lo) + (2 * level * range + steps) / (2 * steps));
}

SKEWBENCH_HOST_DEVICE inline float as_float(const ImageLevels& problem, uint32_t level) {
  const uint32_t range = static_cast<uint32_t>(problem.hi - problem.lo), steps = (1u << problem.bits) - 1;
  return static_cast<float>(problem.lo) + static_cast<float>(level * range) / static_cast<float>(steps);
}

}  // namespace skewbench::quantize
