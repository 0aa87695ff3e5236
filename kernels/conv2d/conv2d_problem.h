// The sizes of a convolution; conv2d.h has the formula. Light enough for .cu files.
#pragma once

#include <cstdint>

namespace skewbench::conv2d {

/// One convolution layer, without the batch size.
struct Problem {
  int64_t h, w, c;         ///< input rows, columns, channels
  int64_t k;               ///< output channels
  int64_t r, s;            ///< filter rows, columns
  int64_t stride = 1;      ///< both directions
  int64_t pad = 0;         ///< zeros on each of the four sides

  int64_t p() const { return (h + 2 * pad - r) / stride + 1; }  ///< output rows
  int64_t q() const { return (w + 2 * pad - s) / stride + 1; }  ///< output columns
  int64_t filter_size() const { return k * r * s * c; }
  int64_t x_size(int64_t n) const { return n * h * w * c; }
  int64_t y_size(int64_t n) const { return n * p() * q() * k; }
  /// 2 x multiply-adds, taps that fall on the padding included. Each of the two gradients costs the same.
  double flops_forward(int64_t n) const;
  /// Throws Error unless all extents are positive, 0 <= pad < min(r, s), the filter fits into the padded image and
  /// no tensor of one image exceeds 2^31 elements.
  void validate() const;
};

}  // namespace skewbench::conv2d
