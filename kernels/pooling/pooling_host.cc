// Pooling on the CPU. Channels are contiguous in NHWC, so every lane of a register is one channel, and ties and NaN are
// decided lane by lane as in the reference. Both directions gather: an output, or a dx, is finished in registers and
// stored once; backward needs no zeroed array to add into.
#include "kernels/base/error.h"
#include "kernels/base/lanes.h"
#include "kernels/pooling/pooling.h"

#include <algorithm>
#include <span>
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

/// One block of N channels of a maximum. `x` points to the block at the image's first pixel. kWindow: the window's size
/// where all of it lies in the image, so that the loops are written out; 0 for any.
template <int kWindow, int N>
SKEWBENCH_INLINE void max_of_window(const Problem& problem, const float* x, Taps rows, Taps columns, float* y, uint8_t* winner) {
  using Float = lanes::Float<N>;
  using Int = lanes::Int<N>;
  const float* corner = x + (rows.start * problem.w + columns.start) * problem.c;
  auto at = [&](int64_t r, int64_t s) __attribute__((always_inline)) { return load<Float>(corner + (r * problem.w + s) * problem.c); };
  auto number = [&](int64_t r, int64_t s) __attribute__((always_inline)) { return broadcast<Int>(int32_t(r * problem.window + s)); };
  auto save = [&](Float best, Int winning_tap) __attribute__((always_inline)) {
    store(y, best);
    if (winner) store(winner, __builtin_convertvector(winning_tap, lanes::Byte<N>));
  };
  if constexpr (kWindow > 0) {
    // Without NaN: the maximum first, then the first tap that equals it. Nothing but the maximum waits for another tap.
    constexpr int kTaps = kWindow * kWindow;
    Float value[kTaps], sum{};
    lanes::unrolled<kTaps>([&](auto tap) { value[tap] = at(tap / kWindow, tap % kWindow), sum += value[tap]; });
    if (!lanes::has_nan(sum)) {  // infinities of both signs look like a NaN here and take the other way, too
      Float best = value[0];
      lanes::unrolled<kTaps>([&](auto tap) { best = lanes::larger_or_second(value[tap], best); });
      Int winning_tap{};
      lanes::unrolled<kTaps>([&](auto back) {
        constexpr int kTap = kTaps - 1 - back;
        winning_tap = value[kTap] == best ? broadcast<Int>(int32_t{kTap}) : winning_tap;
      });
      return save(best, winning_tap);
    }
  }
  Float best = at(rows.begin, columns.begin);
  Int winning_tap = number(rows.begin, columns.begin);
  for (int64_t r = rows.begin; r < rows.end; ++r)
    for (int64_t s = columns.begin; s < columns.end; ++s) {
      // Strictly greater, so that the first of equal values stays (the first tap against itself, too); a NaN, which is
      // not less or equal either, beats a number but not a NaN.
      const Float value = at(r, s);
      const Int wins = ~(value <= best) & (best == best);
      best = wins ? value : best;
      winning_tap = wins ? number(r, s) : winning_tap;
    }
  save(best, winning_tap);
}

template <int kWindow, int N>
SKEWBENCH_INLINE void average_of_window(const Problem& problem, const float* x, Taps rows, Taps columns, float* y) {
  using Float = lanes::Float<N>;
  // One partial sum a row: the average over a whole image keeps its precision.
  Float total{};
  if constexpr (kWindow > 0) rows = {rows.start, 0, kWindow}, columns = {columns.start, 0, kWindow};  // known: unrolls
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
  if (problem.kind != Kind::max) workspace = nullptr;
  for (int64_t n = 0; n < n_extent; ++n, x += problem.x_size(1))
    for (const Taps& row : rows)
      for (const Taps& column : columns) {
        auto one_window = [&]<int kWindow>(std::integral_constant<int, kWindow>) {
          lanes::for_each_block(c, [&](int64_t first, auto width) {
            if (problem.kind == Kind::max)
              max_of_window<kWindow, width>(problem, x + first, row, column, y + first, workspace ? workspace + first : nullptr);
            else
              average_of_window<kWindow, width>(problem, x + first, row, column, y + first);
          });
        };
        const bool is_whole = row.count() == problem.window && column.count() == problem.window;
        if (is_whole && problem.window == 3) one_window(std::integral_constant<int, 3>());
        else if (is_whole && problem.window == 2) one_window(std::integral_constant<int, 2>());
        else one_window(std::integral_constant<int, 0>());
        y += c;
        if (workspace) workspace += c;
      }
}

void backward_host(const Problem& problem, int64_t n_extent, const float* dy, const uint8_t* workspace, float* dx) {
  check(problem, n_extent);
  REQUIRE(workspace || problem.kind != Kind::max, "pooling: the gradient of a maximum needs the forward pass's workspace");
  const int64_t c = problem.c, q_extent = problem.q();
  const auto rows = all_taps(problem, problem.p(), problem.h), columns = all_taps(problem, q_extent, problem.w);
  const auto row_windows = all_windows(rows, problem.h), column_windows = all_windows(columns, problem.w);
  // What each pixel of an image receives, listed once for all images: from dy[offset], if that window's winner is `tap`
  // (maximum) or always, times `share` (average).
  struct Share {
    int64_t offset;
    int32_t tap;
    float share;
  };
  std::vector<Share> all_shares;
  std::vector<std::size_t> begin{0};  // pixel i's are all_shares[begin[i]] .. [begin[i + 1] - 1]
  for (int64_t row = 0; row < problem.h; ++row)
    for (int64_t column = 0; column < problem.w; ++column) {
      const Windows ps = row_windows[std::size_t(row)], qs = column_windows[std::size_t(column)];
      for (int64_t p = ps.begin; p < ps.end; ++p)
        for (int64_t q = qs.begin; q < qs.end; ++q) {
          const Taps &r = rows[std::size_t(p)], &s = columns[std::size_t(q)];
          all_shares.push_back({(p * q_extent + q) * c, int32_t((row - r.start) * problem.window + column - s.start),
                                1.0f / float(r.count() * s.count())});
        }
      begin.push_back(all_shares.size());
    }

  for (int64_t n = 0; n < n_extent; ++n) {
    for (std::size_t pixel = 0; pixel + 1 < begin.size(); ++pixel, dx += c) {
      const std::span<const Share> shares(all_shares.data() + begin[pixel], begin[pixel + 1] - begin[pixel]);
      lanes::for_each_block(c, [&](int64_t first, auto width) {
        using Float = lanes::Float<width>;
        using Int = lanes::Int<width>;
        Float sum{};
        if (problem.kind == Kind::max) {
          for (const Share& from : shares) {
            const Int winner = lanes::widen<width>(load<lanes::Byte<width>>(workspace + from.offset + first));
            sum += winner == broadcast<Int>(from.tap) ? load<Float>(dy + from.offset + first) : Float{};
          }
        } else {
          for (const Share& from : shares) sum += load<Float>(dy + from.offset + first) * broadcast<Float>(from.share);
        }
        store(dx + first, sum);
      });
    }
    dy += problem.y_size(1);
    if (problem.kind == Kind::max) workspace += problem.y_size(1);
  }
}

}  // namespace skewbench::pooling
