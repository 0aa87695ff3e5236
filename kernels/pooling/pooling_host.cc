// Pooling on the CPU. Channels are contiguous in NHWC, so every lane of a register is one channel, and ties and NaN are
// decided lane by lane as in the reference. Both directions gather: an output, or a dx, is finished in registers and
// stored once; backward needs no zeroed array to add into.
#include "kernels/base/error.h"
#include "kernels/base/lanes.h"
#include "kernels/pooling/pooling.h"

#include <algorithm>
#include <vector>

namespace skewbench::pooling {
namespace {

using lanes::broadcast;
using lanes::load;
using lanes::store;

void check(const Problem& problem, int64_t n) {
  problem.validate();
  REQUIRE(n > 0, "pooling: batch size {} must be positive", n);
}

/// The taps of a window that lie inside the image along one direction: begin .. end-1, never none.
struct Taps {
  int64_t start;  ///< image coordinate of tap 0, negative in the padding
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

Taps taps_of(const Problem& problem, int64_t index, int64_t extent) {
  if (problem.kind == Kind::global_average) return {0, 0, extent};
  const int64_t start = index * problem.stride - problem.pad;
  return {start, std::max<int64_t>(0, -start), std::min(problem.window, extent - start)};
}

std::vector<Taps> all_taps(const Problem& problem, int64_t count, int64_t extent) {
  std::vector<Taps> result;
  for (int64_t index = 0; index < count; ++index) result.push_back(taps_of(problem, index, extent));
  return result;
}

/// The windows that see coordinate `at`: begin .. end-1, none where the stride leaves gaps.
struct Windows {
  int64_t begin, end;
};

std::vector<Windows> all_windows(const std::vector<Taps>& taps, int64_t extent) {
  std::vector<Windows> result;
  for (int64_t at = 0; at < extent; ++at) {
    Windows seen{0, 0};
    for (int64_t index = 0; index < int64_t(taps.size()); ++index) {
      const Taps& window = taps[std::size_t(index)];
      if (at >= window.start + window.end) seen.begin = index + 1;
      if (at >= window.start) seen.end = index + 1;
    }
    result.push_back({std::min(seen.begin, seen.end), seen.end});
  }
  return result;
}

/// One block of N channels of a maximum. `x` points to the block at the image's first pixel.
template <int N>
SKEWBENCH_INLINE void max_of_window(const Problem& problem, const float* x, Taps rows, Taps columns, float* y, uint8_t* winner) {
  using Float = lanes::Float<N>;
  using Int = lanes::Int<N>;
  Float best{};
  Int tap_of_best = broadcast<Int>(int32_t{-1});
  for (int64_t r = rows.begin; r < rows.end; ++r)
    for (int64_t s = columns.begin; s < columns.end; ++s) {
      const Float value = load<Float>(x + ((rows.start + r) * problem.w + columns.start + s) * problem.c);
      // Strictly greater, so that the first of equal values stays; a NaN beats a number; the first tap beats nothing.
      const Int wins = (value > best) | ((value != value) & (best == best)) | (tap_of_best < 0);
      best = wins ? value : best;
      tap_of_best = wins ? broadcast<Int>(int32_t(r * problem.window + s)) : tap_of_best;
    }
  store(y, best);
  if (winner) store(winner, __builtin_convertvector(tap_of_best, lanes::Byte<N>));
}

template <int N>
SKEWBENCH_INLINE void average_of_window(const Problem& problem, const float* x, Taps rows, Taps columns, float* y) {
  using Float = lanes::Float<N>;
  // One partial sum a row: the average over a whole image keeps its precision.
  Float total{};
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    Float sum{};
    for (int64_t s = columns.begin; s < columns.end; ++s)
      sum += load<Float>(x + ((rows.start + r) * problem.w + columns.start + s) * problem.c);
    total += sum;
  }
  store(y, total / broadcast<Float>(float(rows.count() * columns.count())));
}

}  // namespace

void forward_host(const Problem& problem, int64_t n_extent, const float* x, float* y, uint8_t* workspace) {
  check(problem, n_extent);
  const int64_t c = problem.c;
  const auto rows = all_taps(problem, problem.p(), problem.h), columns = all_taps(problem, problem.q(), problem.w);
  for (int64_t n = 0; n < n_extent; ++n, x += problem.x_size(1))
    for (const Taps& row : rows)
      for (const Taps& column : columns) {
        lanes::for_each_block(c, [&](int64_t first, auto width) {
          if (problem.kind == Kind::max)
            max_of_window<width>(problem, x + first, row, column, y + first, workspace ? workspace + first : nullptr);
          else
            average_of_window<width>(problem, x + first, row, column, y + first);
        });
        y += c;
        if (workspace && problem.kind == Kind::max) workspace += c;
      }
}

void backward_host(const Problem& problem, int64_t n_extent, const float* dy, const uint8_t* workspace, float* dx) {
  check(problem, n_extent);
  REQUIRE(workspace || problem.kind != Kind::max, "pooling: the gradient of a maximum needs the forward pass's workspace");
  const int64_t c = problem.c, q_extent = problem.q();
  const auto rows = all_taps(problem, problem.p(), problem.h), columns = all_taps(problem, q_extent, problem.w);
  const auto row_windows = all_windows(rows, problem.h), column_windows = all_windows(columns, problem.w);
  for (int64_t n = 0; n < n_extent; ++n) {
    for (int64_t row = 0; row < problem.h; ++row)
      for (int64_t column = 0; column < problem.w; ++column, dx += c) {
        const Windows ps = row_windows[std::size_t(row)], qs = column_windows[std::size_t(column)];
        lanes::for_each_block(c, [&](int64_t first, auto width) {
          using Float = lanes::Float<width>;
          using Int = lanes::Int<width>;
          Float sum{};
          for (int64_t p = ps.begin; p < ps.end; ++p)
            for (int64_t q = qs.begin; q < qs.end; ++q) {
              const Taps &r = rows[std::size_t(p)], &s = columns[std::size_t(q)];
              const int64_t at = (p * q_extent + q) * c + first;
              const Float gradient = load<Float>(dy + at);
              if (problem.kind == Kind::max) {
                const auto tap = int32_t((row - r.start) * problem.window + column - s.start);
                const Int winner = __builtin_convertvector(load<lanes::Byte<width>>(workspace + at), Int);
                sum += winner == broadcast<Int>(tap) ? gradient : Float{};
              } else {
                sum += gradient / broadcast<Float>(float(r.count() * s.count()));
              }
            }
          store(dx + first, sum);
        });
      }
    dy += problem.y_size(1);
    if (problem.kind == Kind::max) workspace += problem.y_size(1);
  }
}

}  // namespace skewbench::pooling
