// Pooling over square windows: maximum, average, and the average over the whole image. NHWC float32.
//
// Padding never takes part: a maximum is over the real elements of its window and an average is divided by their
// number. (Caffe divides by the window clipped to the padded image; the two agree at pad 0, also in ceil mode.)
#pragma once

#include <cstdint>

namespace skewbench::pooling {

enum class Kind { max, average, global_average };

struct Problem {
  Kind kind;
  int64_t h, w, c;      ///< input rows, columns, channels
  int64_t window = 1;   ///< rows and columns of a window; ignored, as are stride, pad and ceil, by global_average
  int64_t stride = 1;
  int64_t pad = 0;      ///< on each of the four sides
  /// Count a last window that overhangs the padded image, unless it starts in the far padding (Caffe's rule).
  bool ceil = false;

  int64_t p() const;    ///< output rows
  int64_t q() const;    ///< output columns
  int64_t x_size(int64_t n) const { return n * h * w * c; }
  int64_t y_size(int64_t n) const { return n * p() * q() * c; }
  /// Bytes that the forward pass leaves for the backward pass: one per output of a maximum (which tap of the window won,
  /// row by row), else none.
  int64_t workspace_bytes(int64_t n) const { return kind == Kind::max ? y_size(n) : 0; }
  /// Throws Error unless extents are positive, 0 <= pad < window, the window fits into the padded image, and, for a
  /// maximum, window <= 15 (a tap is one byte).
  void validate() const;
};

/// Plain loops with double accumulators, T = float or double. x [n,h,w,c], y [n,p,q,c]. `workspace` [workspace_bytes(n)]
/// may be null when no backward pass follows. Of equal maxima the first in row order wins; a NaN beats every number
/// and the first NaN wins, so y is NaN and the gradient goes there.
template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, T* y, uint8_t* workspace);

/// dx [n,h,w,c] is overwritten; `workspace` is the forward pass's. Windows that overlap add up.
template <class T>
void backward_ref(const Problem& problem, int64_t n, const T* dy, const uint8_t* workspace, T* dx);

/// The CPU production versions, on the calling thread; workspaces are those of the reference, byte for byte.
void forward_host(const Problem& problem, int64_t n, const float* x, float* y, uint8_t* workspace);
void backward_host(const Problem& problem, int64_t n, const float* dy, const uint8_t* workspace, float* dx);

}  // namespace skewbench::pooling
