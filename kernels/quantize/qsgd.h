// QSGD: a coordinate becomes one of s levels of its bucket's norm, rounded at random so that its expected value is itself.
//
// Alistarh, Grubic, Li, Tomioka, Vojnovic, "QSGD: communication-efficient SGD via gradient quantization and encoding", NIPS 2017,
// section 3.1:  Q_s(v_i) = ||v|| * sign(v_i) * xi_i,  xi_i = l / s or (l + 1) / s,  l = floor(s |v_i| / ||v||), the upper one with
// probability s |v_i| / ||v|| - l. Unbiased; with the 2-norm and buckets of n, E ||Q(v) - v||^2 <= min(n / s^2, sqrt(n) / s) ||v||^2.
// Buckets are runs of consecutive coordinates, as in the paper's experiments (section 5: maximum norm, buckets of 128 and 512).
// The paper sends Elias codes; this is the fixed width that its experiments' bit counts name.
//
// A problem is one tensor: n contiguous coordinates. The gaps of a flat vector lie between problems and are never seen.
//
// MESSAGE, in words of 32 bits, buckets = ceil(n / bucket):
//   word b, b < buckets           the bits of bucket b's scale, a float >= 0, or kNoScale
//   the words behind them         the codes of all coordinates as bit planes (bit_planes.h), bits() = 1 + ceil(log2(s + 1)) each:
//                                 bit 0 of a code is the sign (1: negative), the bits above are the level in [0, s]
// A code of level 0 has sign bit 0. Size: buckets + ceil(n / 32) * bits() words, exactly.
//
// ARITHMETIC, the same bits on every device:
//   2-norm         float(sqrt(ordered_sum(double(v) * double(v)))) over the bucket (ordered_sum.h); never below max |v|
//   maximum norm   max |v|
//   level          y = (|v| / scale) * float(s) in float; l = floor(y); l + 1 if draw / 2^32 < y - l. The draw of coordinate i is
//                  draws.of(i) (philox.h), whatever the bucket.
//   decoded        (float(level) / float(s)) * scale, negated for sign bit 1
// So |decoded - v| <= scale / s but for rounding, a zero stays a zero, and a bucket of zeros has scale 0.
//
// NaN and infinity: a bucket that holds one, or whose 2-norm overflows float, has scale kNoScale and codes 0, and is decoded as
// NaN in all its coordinates; other buckets are not touched. Denormal numbers are numbers like others.
#pragma once

#include <bit>
#include <cstdint>
#include <iosfwd>  // names std::string (kernels/base/versions.h)

#include "kernels/base/philox.h"
#include "kernels/quantize/bit_planes.h"

namespace skewbench::quantize {

enum class Norm : int32_t { two, maximum };

struct Qsgd {
  int64_t count;   ///< n in [1, Draws::kLongest]
  int64_t bucket;  ///< coordinates of a bucket, a positive multiple of 32; at least n: the whole tensor is one
  int32_t levels;  ///< s in [1, 65535]
  Norm norm;

  int bits() const { return 1 + std::bit_width(static_cast<uint32_t>(levels)); }
  int64_t buckets() const { return (count - 1) / bucket + 1; }
  int64_t message_words() const { return buckets() + plane_words(count, bits()); }
};

/// What is wrong with the problem; empty if nothing is.
std::string why_not(const Qsgd& problem);

/// x [count] to message [message_words()].
void qsgd_encode_ref(const Qsgd& problem, const Draws& draws, const float* x, uint32_t* message);
void qsgd_encode_host(const Qsgd& problem, const Draws& draws, const float* x, uint32_t* message);

/// out[i] = decoded number, or out[i] + it where `add` says so.
void qsgd_decode_ref(const Qsgd& problem, const uint32_t* message, float* out, bool add);
void qsgd_decode_host(const Qsgd& problem, const uint32_t* message, float* out, bool add);

}  // namespace skewbench::quantize
