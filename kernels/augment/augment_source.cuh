// Where a byte of a changed image comes from, as both rungs need it.
#pragma once

#include "kernels/augment/augment_cuda.h"

namespace skewbench::augment {

/// An image in ints, which all of it fits into.
struct Image {
  explicit Image(const Problem& problem)
      : h(static_cast<int>(problem.h)), w(static_cast<int>(problem.w)), pixel(static_cast<int>(problem.pixel_bytes)) {}
  __device__ int bytes() const { return h * w * pixel; }

  /// Byte `at` of the changed image, from the image's own bytes.
  __device__ unsigned char changed(const uint8_t* image, const Change& change, int at) const {
    const int b = at % pixel, x = at / pixel % w, y = at / pixel / w;
    const int row = y + change.down, column = x + change.right;
    if (row < 0 || row >= h || column < 0 || column >= w) return 0;
    return image[(row * w + (change.mirror ? w - 1 - column : column)) * pixel + b];
  }

  int h, w, pixel;
};

}  // namespace skewbench::augment
