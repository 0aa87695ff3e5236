// Images in fewer bits: a byte becomes one of 2^q uniform levels on [lo, hi], to the nearest or at random.
//
// For learning from quantised samples (Hanna, Ezzeldin, Fragouli, Diggavi, "Quantizing data for distributed learning", arXiv 2012.07913,
// of which the abstract only was at hand: the quantiser here is our own, a uniform grid). Neither rounding makes a gradient at the
// quantised sample unbiased, since it is not linear in the sample.
//
// A problem is a run of bytes: pixels times channels of any number of images.
//
// ARITHMETIC in integers, the same on every device. With D = hi - lo, L = 2^q - 1 and x clamped to [lo, hi]:
//   nearest      level = floor((2 (x - lo) L + D) / 2D): the nearest level, of two equally near ones the upper
//   stochastic   level = floor((x - lo) L / D), and one more if draw * D < rest * 2^32, rest = (x - lo) L mod D: its expected value is
//                (x - lo) L / D to 2^-32. The draw of byte i is draws.of(i).
//   as byte      lo + floor((2 level D + L) / 2L), the nearest byte to the level
//   as float     float(lo) + float(level D) / float(L), in float
// So nearest is off by at most D / 2L, stochastic by less than D / L; as a byte by half a byte more. [0, 255] in 8 bits is exact.
//
// MESSAGE: q bit planes of the levels (bit_planes.h), ceil(n / 32) q words. Bytes are never NaN, and bounds are part of the problem.
#pragma once

#include <cstdint>
#include <iosfwd>  // names std::string (kernels/base/versions.h)

#include "kernels/base/philox.h"
#include "kernels/quantize/bit_planes.h"

namespace skewbench::quantize {

enum class Rounding : int32_t { nearest, stochastic };

struct ImageLevels {
  int64_t count;    ///< bytes, in [1, Draws::kLongest]
  int32_t bits;     ///< q in [1, 8]
  int32_t lo, hi;   ///< 0 <= lo < hi <= 255
  Rounding rounding;

  int64_t message_words() const { return plane_words(count, bits); }
};

/// What is wrong with the problem; empty if nothing.
std::string why_not(const ImageLevels& problem);

/// images [count] to message [message_words()]; nearest rounding does not look at the draws.
void image_levels_encode_ref(const ImageLevels& problem, const Draws& draws, const uint8_t* images, uint32_t* message);
void image_levels_encode_host(const ImageLevels& problem, const Draws& draws, const uint8_t* images, uint32_t* message);

/// message to images [count], for T = uint8_t or float.
template <class T>
void image_levels_decode_ref(const ImageLevels& problem, const uint32_t* message, T* images);
template <class T>
void image_levels_decode_host(const ImageLevels& problem, const uint32_t* message, T* images);

}  // namespace skewbench::quantize
