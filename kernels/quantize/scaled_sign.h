// Scaled sign with error feedback: a tensor as one bit per coordinate and its mean magnitude; what was not sent is kept and
// added next time.
//
// Karimireddy, Rebjock, Stich, Jaggi, "Error feedback fixes signSGD and other gradient compression schemes", ICML 2019, algorithm 1:
//   p = x + e,   C(p) = (||p||_1 / n) sign(p),   e <- p - C(p)
// where x is the update, the learning rate included, so that changing the rate does not rescale what is kept. C is contractive:
// ||p - C(p)||^2 = ||p||^2 - ||p||_1^2 / n. sign(0) = +1, so that one bit is enough.
//
// A problem is one tensor: n contiguous coordinates, n in [1, Draws::kLongest].
//
// MESSAGE, in words of 32 bits, 1 + ceil(n / 32) of them:
//   word 0                    the bits of the scale, a float >= 0, or kNoScale (rounding.h)
//   word 1 + i / 32           bit i % 32 is set iff p_i < 0; the bits behind coordinate n - 1 are 0
//
// ARITHMETIC, the same bits on every device:
//   p_i      x_i + e_i in float; x_i without a memory
//   scale    float(ordered_sum(double(|p_i|)) / double(n))  (ordered_sum.h)
//   e_i      p_i - C(p)_i in float, so C(p)_i + e_i = p_i to half a unit in the last place of e_i, and exactly where e_i needs no
//            more bits than a float has
//
// NaN and infinity: with one in p, the scale is kNoScale and everything decoded and everything kept is NaN, so that a diverged
// worker shows. The bits are those of p all the same (a NaN is not < 0).
#pragma once

#include <cstdint>
#include <iosfwd>  // names std::string (kernels/base/versions.h)

#include "kernels/quantize/bit_planes.h"

namespace skewbench::quantize {

struct ScaledSign {
  int64_t count;  ///< n

  int64_t message_words() const { return 1 + plane_words(count, 1); }
};

/// What is wrong with the problem; empty if nothing.
std::string why_not(const ScaledSign& problem);

/// x [count] to message [message_words()]; memory [count] is read and updated, or null: no error feedback.
void scaled_sign_encode_ref(const ScaledSign& problem, const float* x, float* memory, uint32_t* message);
void scaled_sign_encode_host(const ScaledSign& problem, const float* x, float* memory, uint32_t* message);

/// out[i] = decoded number, or out[i] + it where `add` says so.
void scaled_sign_decode_ref(const ScaledSign& problem, const uint32_t* message, float* out, bool add);
void scaled_sign_decode_host(const ScaledSign& problem, const uint32_t* message, float* out, bool add);

}  // namespace skewbench::quantize
