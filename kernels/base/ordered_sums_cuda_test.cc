// Sums of parts and of columns against the same sums in the order that ordered_sums.h states, to the bit.
#include "kernels/base/ordered_sums.h"

#include "kernels/base/device_arrays.h"

namespace skewbench::device {
namespace {

using test_arrays::DeviceArray;
using test_arrays::ExactInput;
using test_arrays::normals;
using test_arrays::same_bits;
using Array = AlignedVector<float>;

std::size_t at(int64_t i) { return static_cast<std::size_t>(i); }

struct Finish {
  int64_t columns;
  bool has_bias, relu, accumulate;
};

void parts_are_added(int64_t count, int64_t size, const Finish& finish) {
  SCOPED_TRACE(fmt::format("{} parts of {}, columns={} bias={} relu={} accumulate={}", count, size, finish.columns, finish.has_bias, finish.relu, finish.accumulate));
  const int64_t pitch = part_pitch(size);
  const Array values = normals<float>(count * pitch, 0), bias = normals<float>(finish.columns, 1), old = normals<float>(size, 2);
  Array want(at(size));
  for (int64_t i = 0; i < size; ++i) {
    float sum = values[at(i)];
    for (int64_t part = 1; part < count; ++part) sum += values[at(part * pitch + i)];
    if (finish.has_bias) sum += bias[at(i % finish.columns)];
    if (finish.relu && sum <= 0) sum = 0;
    want[at(i)] = finish.accumulate ? old[at(i)] + sum : sum;
  }
  const ExactInput<float> parts(values), in_bias(bias);
  DeviceArray<float> out(size, 1);
  if (finish.accumulate) copy_to_device(out.data(), old.data(), 4 * size, nullptr);
  add_parts({parts.data(), count, size, out.data(), finish.columns, finish.has_bias ? in_bias.data() : nullptr, finish.relu, finish.accumulate}, nullptr);
  wait(nullptr);
  EXPECT_TRUE(same_bits(out.download(), want));
  EXPECT_TRUE(parts.intact() && in_bias.intact() && out.intact());
}

TEST(OrderedSumsCuda, PartsAreAddedInTheirOrder) {
  NEEDS_DEVICE();
  for (const int64_t size : {1, 2, 3, 4, 5, 63, 64, 65, 1023, 1024, 1025})
    for (const int64_t count : {1, 2, 4, 5, 10}) parts_are_added(count, size, {1, false, false, false});  // nvcc unrolls the loop over parts by 4
  for (const int64_t size : {77, 78, 79, 80}) {  // a thread stores one to four
    for (const bool relu : {false, true}) {
      parts_are_added(3, size, {7, true, relu, false});
      parts_are_added(3, size, {1, false, relu, false});
    }
    parts_are_added(3, size, {1, false, false, true});
  }
  parts_are_added(2, 1100, {100, true, false, false});  // a bias in the second block
}

void columns_are_summed(int64_t rows, int64_t columns, bool accumulate) {
  SCOPED_TRACE(fmt::format("{} x {}, accumulate={}", rows, columns, accumulate));
  const Array values = normals<float>(rows * columns, 3), old = normals<float>(columns, 4);
  const int64_t run = std::max<int64_t>(64, (rows + 63) / 64);
  Array want(at(columns));
  for (int64_t c = 0; c < columns; ++c) {
    float total = 0;
    for (int64_t first = 0; first < rows; first += run) {
      float of_run = 0;
      for (int64_t y = 0; y < 8; ++y) {
        float sum = 0;
        for (int64_t row = first + y; row < std::min(first + run, rows); row += 8) sum += values[at(row * columns + c)];
        of_run = y == 0 ? sum : of_run + sum;
      }
      total = first == 0 ? of_run : total + of_run;
    }
    want[at(c)] = accumulate ? old[at(c)] + total : total;
  }
  const ExactInput<float> data(values);
  DeviceArray<float> out(columns);
  if (accumulate) copy_to_device(out.data(), old.data(), 4 * columns, nullptr);
  Array poison(at(column_sums_bytes(rows, columns) / 4), std::nanf(""));
  DeviceArray<float> workspace{std::span<const float>(poison)};
  column_sums(rows, columns, data.data(), out.data(), accumulate, workspace.data(), nullptr);
  wait(nullptr);
  EXPECT_TRUE(same_bits(out.download(), want));
  EXPECT_TRUE(data.intact() && out.intact());
}

TEST(OrderedSumsCuda, ColumnsAreSummedInRunsOfRows) {
  NEEDS_DEVICE();
  for (const int64_t rows : {1, 7, 8, 9, 24, 25, 63, 64, 65, 129})  // 24 and 25: three and four turns of a loop that nvcc unrolls by 4
    for (const int64_t columns : {1, 31, 33}) columns_are_summed(rows, columns, false);
  columns_are_summed(70, 68, true);
  columns_are_summed(64 * 64 + 1, 3, false);  // the runs become longer, not more
  columns_are_summed(64 * 1024, 1, false);    // so many turns that a wrong step of the row's number would show
}

}  // namespace
}  // namespace skewbench::device
