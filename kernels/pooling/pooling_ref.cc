// Pooling in plain loops with double accumulators.
#include "kernels/base/error.h"
#include "kernels/pooling/pooling.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace skewbench::pooling {
namespace {

int64_t outputs(const Problem& problem, int64_t extent) {
  if (problem.kind == Kind::global_average) return 1;
  const int64_t travel = extent + 2 * problem.pad - problem.window;
  int64_t count = (travel + (problem.ceil ? problem.stride - 1 : 0)) / problem.stride + 1;
  if ((count - 1) * problem.stride >= extent + problem.pad) --count;  // ceil: the last window would see padding only
  return count;
}

/// The rows (or columns) of the image that window number `index` sees: [begin, end), never empty.
struct Span {
  int64_t begin, end, start;  ///< start: where the window begins, padding included; begin = max(start, 0)
};
Span span_of(const Problem& problem, int64_t index, int64_t extent) {
  if (problem.kind == Kind::global_average) return {0, extent, 0};
  const int64_t start = index * problem.stride - problem.pad;
  return {std::max<int64_t>(start, 0), std::min(start + problem.window, extent), start};
}

void check(const Problem& problem, int64_t n) {
  problem.validate();
  REQUIRE(n > 0, "pooling: batch size {} must be positive", n);
}

}  // namespace

int64_t Problem::p() const { return outputs(*this, h); }
int64_t Problem::q() const { return outputs(*this, w); }

void Problem::validate() const {
  REQUIRE(h > 0 && w > 0 && c > 0, "pooling: extents must be positive, got h={} w={} c={}", h, w, c);
  if (kind == Kind::global_average) return;
  REQUIRE(window > 0 && stride > 0, "pooling: window={} and stride={} must be positive", window, stride);
  REQUIRE(pad >= 0 && pad < window, "pooling: pad={} must be at least 0 and below window={}", pad, window);
  REQUIRE(window <= h + 2 * pad && window <= w + 2 * pad, "pooling: window={} does not fit into a {}x{} image with pad={}",
          window, h, w, pad);
  REQUIRE(kind != Kind::max || window <= 15, "pooling: window={} of a maximum must be at most 15", window);
}

template <class T>
void forward_ref(const Problem& problem, int64_t n_extent, const T* x, T* y, uint8_t* workspace) {
  check(problem, n_extent);
  const auto& [kind, h, w, c, window, stride, pad, ceil] = problem;
  int64_t out = 0;
  for (int64_t n = 0; n < n_extent; ++n)
    for (int64_t p = 0; p < problem.p(); ++p)
      for (int64_t q = 0; q < problem.q(); ++q)
        for (int64_t ic = 0; ic < c; ++ic, ++out) {
          const Span rows = span_of(problem, p, h), columns = span_of(problem, q, w);
          double sum = 0, best = 0;
          int64_t winner = -1;
          for (int64_t row = rows.begin; row < rows.end; ++row)
            for (int64_t column = columns.begin; column < columns.end; ++column) {
              const double value = x[((n * h + row) * w + column) * c + ic];
              sum += value;
              if (winner < 0 || value > best || (std::isnan(value) && !std::isnan(best))) {
                best = value;
                winner = (row - rows.start) * window + (column - columns.start);
              }
            }
          if (kind == Kind::max) {
            y[out] = T(best);
            if (workspace) workspace[out] = uint8_t(winner);
          } else {
            y[out] = T(sum / double((rows.end - rows.begin) * (columns.end - columns.begin)));
          }
        }
}

template <class T>
void backward_ref(const Problem& problem, int64_t n_extent, const T* dy, const uint8_t* workspace, T* dx) {
  check(problem, n_extent);
  const auto& [kind, h, w, c, window, stride, pad, ceil] = problem;
  std::vector<double> sum(static_cast<std::size_t>(problem.x_size(n_extent)), 0.0);
  int64_t out = 0;
  for (int64_t n = 0; n < n_extent; ++n)
    for (int64_t p = 0; p < problem.p(); ++p)
      for (int64_t q = 0; q < problem.q(); ++q)
        for (int64_t ic = 0; ic < c; ++ic, ++out) {
          const Span rows = span_of(problem, p, h), columns = span_of(problem, q, w);
          auto add = [&](int64_t row, int64_t column, double value) {
            sum[static_cast<std::size_t>(((n * h + row) * w + column) * c + ic)] += value;
          };
          if (kind == Kind::max) {
            add(rows.start + workspace[out] / window, columns.start + workspace[out] % window, double(dy[out]));
            continue;
          }
          const double share = double(dy[out]) / double((rows.end - rows.begin) * (columns.end - columns.begin));
          for (int64_t row = rows.begin; row < rows.end; ++row)
            for (int64_t column = columns.begin; column < columns.end; ++column) add(row, column, share);
        }
  std::transform(sum.begin(), sum.end(), dx, [](double value) { return T(value); });
}

template void forward_ref(const Problem&, int64_t, const float*, float*, uint8_t*);
template void forward_ref(const Problem&, int64_t, const double*, double*, uint8_t*);
template void backward_ref(const Problem&, int64_t, const float*, const uint8_t*, float*);
template void backward_ref(const Problem&, int64_t, const double*, const uint8_t*, double*);

}  // namespace skewbench::pooling
