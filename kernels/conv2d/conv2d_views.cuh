// The operands of a convolution's matrix products (conv2d_products.h) as views of images and filters. What an operand is:
// kernels/base/gemm_operands.cuh.
#pragma once

#include "kernels/base/gemm_operands.cuh"
#include "kernels/conv2d/conv2d_products.h"

namespace skewbench::conv2d {

using gemm::Source;

/// x as the filter sees it: one index is an output pixel, counted over all images, the other a tap (r, s, c).
class Patches {
 public:
  struct Pixel {
    const float* image;
    int top, left;  // of the input that tap (0, 0) sees; negative on the padding
    bool is_inside;
  };
  struct Tap {
    int row, column, channel;
    bool is_inside;
  };
  __device__ Patches(const Shape& shape, const float* x, int64_t first_pixel, int64_t pixels, int first_tap, int taps)
      : shape_(shape), first_tap_(first_tap), taps_(taps), pixels_(gemm::left_from(first_pixel, pixels)) {
    const int64_t image = first_pixel / (shape.p * shape.q);
    first_pixel_ = static_cast<int>(first_pixel - image * (shape.p * shape.q));
    x_ = x + image * image_size();
  }
  __device__ Pixel pixel(int i) const {
    const int index = first_pixel_ + i, image = shape_.by_pq.quotient(index), inside = shape_.by_pq.remainder(index, image);
    const int p = shape_.by_q.quotient(inside), q = shape_.by_q.remainder(inside, p);
    return {x_ + image * image_size(), p * shape_.stride - shape_.pad, q * shape_.stride - shape_.pad, i < pixels_};
  }
  __device__ Tap tap(int i) const { return tap_at(first_tap_ + i, first_tap_ + i < taps_); }
  __device__ Tap tap_of_four(int i) const { return tap_at(first_tap_ + i, first_tap_ + i < taps_); }  // both multiples of 4
  __device__ Source at(const Pixel& pixel, const Tap& tap) const {
    const int row = pixel.top + tap.row, column = pixel.left + tap.column;
    // Negative ones are large as unsigned.
    const bool is_in_image = static_cast<unsigned>(row) < static_cast<unsigned>(shape_.h) && static_cast<unsigned>(column) < static_cast<unsigned>(shape_.w);
    return {pixel.image + (row * shape_.w + column) * shape_.c + tap.channel, is_in_image && pixel.is_inside && tap.is_inside};
  }

 private:
  __device__ Tap tap_at(int index, bool is_inside) const {
    const int place = shape_.by_c.quotient(index), row = shape_.by_s.quotient(place);
    return {row, shape_.by_s.remainder(place, row), shape_.by_c.remainder(index, place), is_inside};
  }
  __device__ int64_t image_size() const { return static_cast<int64_t>(shape_.h * shape_.w) * shape_.c; }
  const Shape& shape_;
  const float* x_;
  int first_tap_, taps_, first_pixel_, pixels_;
};

/// A of forward.
class PatchRows : public Patches {
 public:
  static constexpr bool kAlongDepth = true;
  using Row = Pixel;
  using Line = Tap;
  __device__ PatchRows(const Patches& patches, bool by_four) : Patches(patches), by_four(by_four) {}
  __device__ Row row(int i) const { return pixel(i); }
  __device__ Line line(int k) const { return tap(k); }
  __device__ Line line_of_four(int k) const { return tap_of_four(k); }
  bool by_four;
};

/// B of the filter gradient: a row is a tap, the depth runs over pixels.
class PatchColumns : public Patches {
 public:
  static constexpr bool kAlongDepth = false;
  using Row = Tap;
  using Line = Pixel;
  __device__ PatchColumns(const Patches& patches, bool by_four) : Patches(patches), by_four(by_four) {}
  __device__ Row row(int i) const { return tap(i); }
  __device__ Row row_of_four(int i) const { return tap_of_four(i); }
  __device__ Line line(int k) const { return pixel(k); }
  __device__ Source at(const Row& row, const Line& line) const { return Patches::at(line, row); }
  bool by_four;
};

/// One of the stride^2 parts of the input gradient: pixels first_row + i * stride, first_column + j * stride, and the taps
/// row_tap + i * stride, column_tap + j * stride. Pixel (i, j) and tap (i', j') meet in output (p + i - i', q + j - j').
struct Part {
  int row_tap, column_tap, first_row, first_column;
  int rows, columns;          // pixels of one image; may be 0
  int tap_rows, tap_columns;  // may be 0: then dx is 0 there
  int p, q;
  Divisor by_taps;

  __device__ Part(const Shape& shape, int number)
      : row_tap(number / shape.stride), column_tap(number - row_tap * shape.stride), first_row(first(row_tap, shape)),
        first_column(first(column_tap, shape)), rows(count(first_row, shape.h, shape)), columns(count(first_column, shape.w, shape)),
        tap_rows(count(row_tap, shape.r, shape)), tap_columns(count(column_tap, shape.s, shape)),
        p((first_row + shape.pad - row_tap) / shape.stride), q((first_column + shape.pad - column_tap) / shape.stride),
        by_taps(column_tap < shape.s % shape.stride ? shape.by_more_taps : shape.by_few_taps) {}

 private:
  __device__ static int first(int tap, const Shape& shape) {  // the least pixel >= 0 with (pixel + pad) % stride == tap
    const int remainder = (tap - shape.pad) % shape.stride;
    return remainder < 0 ? remainder + shape.stride : remainder;
  }
  __device__ static int count(int first, int extent, const Shape& shape) {  // of first, first + stride, ... below extent
    return first < extent ? (extent - first - 1) / shape.stride + 1 : 0;
  }
};

/// Pixels of one part over all images, from the block's first.
class PartPixels {
 public:
  struct Pixel {
    int64_t image;
    int row, column;  // of the part
  };
  __device__ PartPixels(const Part& part, int64_t first, int64_t images)
      : columns_(part.columns), per_image_(part.rows * part.columns), pixels_(gemm::left_from(first, images * per_image_)) {
    image_ = first / per_image_;
    first_ = static_cast<int>(first - image_ * per_image_);
  }
  __device__ bool has(int i) const { return i < pixels_; }
  __device__ Pixel pixel(int i) const {
    const int index = first_ + i, image = index / per_image_, inside = index - image * per_image_, row = inside / columns_;
    return {image_ + image, row, inside - row * columns_};
  }

 private:
  int columns_, per_image_, first_, pixels_;
  int64_t image_;
};

/// The taps of one part along the depth: (row, column, output channel).
class PartTaps {
 public:
  struct Tap {
    int row, column, channel;  // row and column of the part
    bool is_inside;
  };
  __device__ PartTaps(const Shape& shape, const Part& part, int first)
      : by_k_(shape.by_k), by_taps_(part.by_taps), first_(first), taps_(part.tap_rows * part.tap_columns * shape.k) {}
  __device__ Tap tap(int i) const { return tap_at(first_ + i, first_ + i < taps_); }
  __device__ Tap tap_of_four(int i) const { return tap_at(first_ + i, first_ + i < taps_); }  // both multiples of 4

 private:
  __device__ Tap tap_at(int index, bool is_inside) const {
    const int place = by_k_.quotient(index), row = by_taps_.quotient(place);
    return {row, by_taps_.remainder(place, row), by_k_.remainder(index, place), is_inside};
  }
  Divisor by_k_, by_taps_;
  int first_, taps_;
};

/// A of the input gradient: dy as the input's pixels see it.
class GradientRows {
 public:
  static constexpr bool kAlongDepth = true;
  struct Row {
    const float* image;
    int p, q;  // of the output that tap (0, 0) of the part leads to
    bool is_inside;
  };
  using Line = PartTaps::Tap;
  __device__ GradientRows(const Shape& shape, const Part& part, const PartPixels& pixels, const PartTaps& taps, const float* dy, bool by_four)
      : by_four(by_four), shape_(shape), p_(part.p), q_(part.q), pixels_(pixels), taps_(taps), dy_(dy) {}
  __device__ Row row(int i) const {
    const auto [image, row, column] = pixels_.pixel(i);
    return {dy_ + image * (static_cast<int64_t>(shape_.p * shape_.q) * shape_.k), p_ + row, q_ + column, pixels_.has(i)};
  }
  __device__ Line line(int k) const { return taps_.tap(k); }
  __device__ Line line_of_four(int k) const { return taps_.tap_of_four(k); }
  __device__ Source at(const Row& row, const Line& line) const {
    const int p = row.p - line.row, q = row.q - line.column;
    const bool is_in_output = static_cast<unsigned>(p) < static_cast<unsigned>(shape_.p) && static_cast<unsigned>(q) < static_cast<unsigned>(shape_.q);
    return {row.image + (p * shape_.q + q) * shape_.k + line.channel, is_in_output && row.is_inside && line.is_inside};
  }
  bool by_four;

 private:
  const Shape& shape_;
  int p_, q_;
  PartPixels pixels_;
  PartTaps taps_;
  const float* dy_;
};

/// B of the input gradient: the filter, a row is an input channel.
class FilterColumns {
 public:
  static constexpr bool kAlongDepth = false;
  struct Row {
    int channel;
    bool is_inside;
  };
  struct Line {
    int offset;  // of the tap's first input channel
    bool is_inside;
  };
  __device__ FilterColumns(const Shape& shape, const Part& part, const PartTaps& taps, const float* filter, int first_channel, bool by_four)
      : by_four(by_four), shape_(shape), row_tap_(part.row_tap), column_tap_(part.column_tap), taps_(taps), filter_(filter + first_channel), channels_(shape.c - first_channel) {}
  __device__ Row row(int i) const { return {i, i < channels_}; }
  __device__ Row row_of_four(int i) const { return {i, i < channels_}; }  // both multiples of 4
  __device__ Line line(int k) const {
    const auto [row, column, channel, is_inside] = taps_.tap(k);
    return {((channel * shape_.r + row_tap_ + row * shape_.stride) * shape_.s + column_tap_ + column * shape_.stride) * shape_.c, is_inside};
  }
  __device__ Source at(Row row, Line line) const { return {filter_ + line.offset + row.channel, row.is_inside && line.is_inside}; }
  bool by_four;

 private:
  const Shape& shape_;
  int row_tap_, column_tap_;
  PartTaps taps_;
  const float* filter_;
  int channels_;
};

/// Where the input gradient of a part's pixel goes.
class PartRows {
 public:
  __device__ PartRows(const Shape& shape, const Part& part, const PartPixels& pixels)
      : h_(shape.h), w_(shape.w), c_(shape.c), stride_(shape.stride), first_row_(part.first_row), first_column_(part.first_column), pixels_(pixels) {}
  __device__ gemm::RowStart row(int i) const {
    const auto [image, row, column] = pixels_.pixel(i);
    return {((image * h_ + first_row_ + row * stride_) * w_ + first_column_ + column * stride_) * c_, pixels_.has(i)};
  }

 private:
  int h_, w_, c_, stride_, first_row_, first_column_;
  PartPixels pixels_;
};

}  // namespace skewbench::conv2d
