// TernGrad: a tensor as -1, 0, +1 times one number, rounded at random so that the expected value is the (clipped) coordinate.
//
// Wen, Xu, Yan, Wu, Wang, Chen, Li, "TernGrad: ternary gradients to reduce communication in distributed deep learning", NIPS 2017:
//   g~_k = s * sign(g_k) * b_k,  P(b_k = 1) = |g_k| / s
// after clipping g_k to [-c sigma, c sigma], sigma the tensor's standard deviation (c = 2.5 in the authors' code), and with s as the
// authors' code has it: c sigma with clipping, max |g| without; all workers use the largest of their s. Unbiased but for clipping.
//
// Two steps, because the workers agree in between:
//   ternary_scale    this worker's s, which is its clipping limit too
//   ternary_encode   with the limit and the scale agreed on (the same number where nobody agrees)
// A problem is one tensor: n contiguous coordinates.
//
// MESSAGE: that of QSGD (qsgd.h) with one level and one bucket, decoded by its decoders as the problem message(): a word for the
// scale, then 2 bits per coordinate as bit planes, 1 + 2 ceil(n / 32) words.
//
// ARITHMETIC, the same bits on every device:
//   scale     without clipping, and for n = 1:  max |x|
//             with:  float(double(c) * sqrt(variance)), with d_i = double(x_i) - double(x_0), S1 = ordered_sum(d_i),
//             S2 = ordered_sum(d_i * d_i), variance = (S2 - S1 * S1 / n) / n: one pass, and exactly 0 for equal coordinates. Since
//             d_0 = 0, S1 * S1 <= (n - 1) S2: the difference is at least S2 / n; it costs at most log2 n of a double's 53 bits, and
//             rounding does not make it negative.
//   encode    a = the least of |x|, limit and scale; one if draw / 2^32 < a / scale, in float, or a = scale; else zero. The draw of
//             coordinate i is draws.of(i). A scale of 0 gives zeros. Equal coordinates have sigma 0: with clipping they vanish.
//
// NaN and infinity: in x, or where c sigma overflows, the scale is kNoScale (rounding.h); as limit or scale, and so for negative ones, the message's scale is
// kNoScale, its codes are 0, and it is decoded as NaN. So the workers' maximum must keep a NaN. The limit must be that of x.
#pragma once

#include <cstdint>
#include <iosfwd>  // names std::string (kernels/base/versions.h)

#include "kernels/quantize/qsgd.h"

namespace skewbench::quantize {

struct Ternary {
  int64_t count;  ///< n in [1, Draws::kLongest]
  float clip;     ///< c > 0, or 0: no clipping

  Qsgd message() const { return {count, (count + kGroup - 1) / kGroup * kGroup, 1, Norm::maximum}; }
  int64_t message_words() const { return message().message_words(); }
};

/// What is wrong with the problem; empty if nothing.
std::string why_not(const Ternary& problem);

float ternary_scale_ref(const Ternary& problem, const float* x);
float ternary_scale_host(const Ternary& problem, const float* x);

/// x [count] to message [message_words()].
void ternary_encode_ref(const Ternary& problem, const Draws& draws, const float* x, float limit, float scale, uint32_t* message);
void ternary_encode_host(const Ternary& problem, const Draws& draws, const float* x, float limit, float scale, uint32_t* message);

}  // namespace skewbench::quantize
