// Sums whose order is fixed by the problem: of the parts of a split product, and of the columns of a matrix. Light enough
// for .cu files. All pointers are device memory; nothing allocates or waits.
#pragma once

#include <cstdint>

#include "kernels/base/stream.h"

namespace skewbench::device {

/// Floats from one part to the next: the size, rounded up so that every part is aligned to 256 bytes.
constexpr int64_t part_pitch(int64_t size) { return (size + 63) / 64 * 64; }

struct PartSum {
  const float* parts;  ///< [count][part_pitch(size)]
  int64_t count, size;
  float* out;          ///< [size]
  int64_t columns = 1; ///< of out, for the bias
  const float* bias = nullptr;  ///< [columns], added after the last part
  bool relu = false;            ///< then max(., 0); a NaN stays
  bool accumulate = false;      ///< added to what is in out; not with bias or relu
};

/// out[i] = parts[0][i] + parts[1][i] + ..., one float accumulator, in this order.
void add_parts(const PartSum& sum, Stream stream);

/// Workspace of column_sums().
int64_t column_sums_bytes(int64_t rows, int64_t columns);

/// out[c] = sum over rows of data[row][c], or that added to out[c]. In up to 64 runs of consecutive rows, each in eight
/// interleaved ones; the partial sums are added in order.
void column_sums(int64_t rows, int64_t columns, const float* data, float* out, bool accumulate, void* workspace, Stream stream);

}  // namespace skewbench::device
