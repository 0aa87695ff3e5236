// Mirror and crop of training images: where each pixel comes from. What happens to which image is decided elsewhere
// (partitions/sampler.h); here the decisions are applied.
//
// Image i of a batch, [h, w] pixels of pixel_bytes each (C elements of any type):
//   out[y, x] = in[y + down_i, x'],  x' = x + right_i, or w - 1 - (x + right_i) where the image is mirrored,
//               zero bytes where row y + down_i or column x + right_i lies outside the image
// So the mirror comes first, then the crop of the mirrored image out of a frame of zeros.
#pragma once

#include <cstdint>

namespace skewbench::augment {

/// What happens to one image. The same memory layout on every device.
struct Change {
  int32_t mirror;       ///< 1: left and right are exchanged; 0: not
  int32_t down, right;  ///< any numbers; a crop out of a frame of p pixels has them in [-p, p]
};

struct Problem {
  int64_t h, w, pixel_bytes;
  int64_t row_bytes() const { return w * pixel_bytes; }
  int64_t image_bytes() const { return h * row_bytes(); }
};

/// Throws unless extents are positive and below 2^31.
void check(const Problem& problem);

/// images, out [n, h, w, pixel_bytes]; changes [n]. out must not overlap images.
void augment_ref(const Problem& problem, int64_t n, const uint8_t* images, const Change* changes, uint8_t* out);

/// The same in place: a batch that was gathered is changed where it lies.
void augment_host(const Problem& problem, int64_t n, const Change* changes, uint8_t* images);

}  // namespace skewbench::augment
