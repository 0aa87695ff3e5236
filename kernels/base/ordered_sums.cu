// Sums of parts, and of columns, in an order that the problem fixes.
//
// Idea       a product whose depth is split leaves its partial sums in memory; a second kernel adds them in their order. No
//            atomics, so the same bits every time
// Mapping    add_parts: one thread four neighbouring elements; the block strides over parts by the part's pitch.
//            column_sums: a block of 32 columns x 8 rows walks down a run of rows; the eight meet in shared memory
// Traffic    the compulsory bytes: each part, or the matrix, read once. column_sums writes and reads 64 partial sums a column more
// Numerics   float accumulators; add_parts part 0, 1, 2, ...; column_sums rows y, y + 8, ... of a run, then y = 0 .. 7, then the runs
// Limits     any size >= 1; at most 2^31 - 1 blocks, which is 2^43 elements of parts and 2^36 columns
#include "kernels/base/cuda_check.h"
#include "kernels/base/ordered_sums.h"

namespace skewbench::device {
namespace {

constexpr int kBlock = 256;
constexpr int kColumns = 32, kRows = 8;  // of column_sums' block: a warp a row
constexpr int64_t kMostRuns = 64;        // fills a GPU together with a few blocks of columns
constexpr int64_t kLeastRun = 64;        // rows; eight for each of the eight threads of a column

constexpr int64_t ceil_div(int64_t value, int64_t step) { return (value + step - 1) / step; }

__device__ float finished(const PartSum& sum, int64_t i, int64_t column, float value) {
  if (sum.accumulate) return sum.out[i] + value;
  if (sum.bias) value += sum.bias[column];
  return sum.relu && value <= 0 ? 0.0f : value;
}

__global__ void __launch_bounds__(kBlock) add_parts_kernel(PartSum sum, int64_t pitch) {
  const int64_t first = (int64_t{blockIdx.x} * kBlock + threadIdx.x) * 4;  // of this thread's four
  if (first >= sum.size) return;
  // A part's last quad reaches into its padding, never behind it.
  float4 total = *reinterpret_cast<const float4*>(sum.parts + first);
  for (int64_t part = 1; part < sum.count; ++part) {
    const float4 next = *reinterpret_cast<const float4*>(sum.parts + part * pitch + first);
    total.x += next.x, total.y += next.y, total.z += next.z, total.w += next.w;
  }
  const float of[4] = {total.x, total.y, total.z, total.w};
  int64_t column = sum.bias ? first % sum.columns : 0;
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    if (first + j < sum.size) sum.out[first + j] = finished(sum, first + j, column, of[j]);
    if (++column == sum.columns) column = 0;
  }
}

__global__ void __launch_bounds__(kColumns * kRows) column_sums_kernel(int64_t rows, int64_t columns, int64_t run, unsigned runs, const float* data, float* parts, int64_t pitch) {
  __shared__ float sums[kRows][kColumns];
  const int x = static_cast<int>(threadIdx.x) % kColumns, y = static_cast<int>(threadIdx.x) / kColumns;
  const int64_t of_run = blockIdx.x % runs, column = int64_t{blockIdx.x / runs} * kColumns + x;
  const int64_t end = of_run * run + run < rows ? of_run * run + run : rows;
  float sum = 0;
  if (column < columns)
    for (int64_t row = of_run * run + y; row < end; row += kRows) sum += data[row * columns + column];
  sums[y][x] = sum;
  __syncthreads();
  if (y > 0 || column >= columns) return;
  for (int other = 1; other < kRows; ++other) sum += sums[other][x];
  parts[of_run * pitch + column] = sum;
}

int64_t run_of(int64_t rows) {
  const int64_t run = ceil_div(rows, kMostRuns);
  return run < kLeastRun ? kLeastRun : run;
}

}  // namespace

void add_parts(const PartSum& sum, Stream stream) {
  add_parts_kernel<<<static_cast<unsigned>(ceil_div(sum.size, 4 * kBlock)), kBlock, 0, stream>>>(sum, part_pitch(sum.size));
  CUDA_LAUNCHED(add_parts_kernel);
}

int64_t column_sums_bytes(int64_t rows, int64_t columns) { return ceil_div(rows, run_of(rows)) * part_pitch(columns) * 4; }

void column_sums(int64_t rows, int64_t columns, const float* data, float* out, bool accumulate, void* workspace, Stream stream) {
  const int64_t run = run_of(rows), runs = ceil_div(rows, run);
  float* const parts = static_cast<float*>(workspace);
  column_sums_kernel<<<static_cast<unsigned>(ceil_div(columns, kColumns) * runs), kColumns * kRows, 0, stream>>>(rows, columns, run, static_cast<unsigned>(runs), data, parts, part_pitch(columns));
  CUDA_LAUNCHED(column_sums_kernel);
  add_parts({.parts = parts, .count = runs, .size = columns, .out = out, .accumulate = accumulate}, stream);
}

}  // namespace skewbench::device
