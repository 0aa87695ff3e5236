#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/local_response_norm/local_response_norm.h"

namespace skewbench::local_response_norm {

void check(const Problem& problem) {
  REQUIRE(problem.h > 0 && problem.w > 0 && problem.c > 0,
          "local response norm of {} x {} x {}: extents must be positive", problem.h, problem.w, problem.c);
  REQUIRE(problem.size > 0 && problem.size % 2 == 1, "local response norm over {}: the size must be odd and positive",
          problem.size);
}

namespace {

// The sum of value(element) over the window around (row, column, channel); elements count from the sample's start.
template <class Value>
double window_sum(const Problem& problem, int64_t row, int64_t column, int64_t channel, Value value) {
  const int64_t reach = (problem.size - 1) / 2;
  const bool within = problem.form == Form::within_channel;
  const int64_t row_reach = within ? reach : 0, column_reach = within ? reach : 0, channel_reach = within ? 0 : reach;
  double sum = 0;
  for (int64_t h = std::max<int64_t>(row - row_reach, 0); h <= std::min(row + row_reach, problem.h - 1); ++h)
    for (int64_t w = std::max<int64_t>(column - column_reach, 0); w <= std::min(column + column_reach, problem.w - 1);
         ++w)
      for (int64_t c = std::max<int64_t>(channel - channel_reach, 0);
           c <= std::min(channel + channel_reach, problem.c - 1); ++c)
        sum += value((h * problem.w + w) * problem.c + c);
  return sum;
}

double alpha_per_element(const Problem& problem) {
  const auto size = static_cast<double>(problem.size);
  return problem.alpha / (problem.form == Form::within_channel ? size * size : size);
}

}  // namespace

template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, T* y, T* scale) {
  check(problem);
  const int64_t sample = problem.h * problem.w * problem.c;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t h = 0; h < problem.h; ++h)
      for (int64_t w = 0; w < problem.w; ++w)
        for (int64_t c = 0; c < problem.c; ++c) {
          const T* const from = x + i * sample;
          const double sum =
              window_sum(problem, h, w, c, [from](int64_t e) { return static_cast<double>(from[e]) * from[e]; });
          const int64_t at = i * sample + (h * problem.w + w) * problem.c + c;
          const double s = 1 + alpha_per_element(problem) * sum;
          scale[at] = static_cast<T>(s);
          y[at] = static_cast<T>(x[at] * std::pow(s, -static_cast<double>(problem.beta)));
        }
}

template <class T>
void backward_ref(const Problem& problem, int64_t n, const T* x, const T* y, const T* scale, const T* dy, T* dx) {
  check(problem);
  const int64_t sample = problem.h * problem.w * problem.c;
  const double beta = problem.beta, factor = 2 * beta * alpha_per_element(problem);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t h = 0; h < problem.h; ++h)
      for (int64_t w = 0; w < problem.w; ++w)
        for (int64_t c = 0; c < problem.c; ++c) {
          const int64_t begin = i * sample, at = begin + (h * problem.w + w) * problem.c + c;
          const double sum = window_sum(problem, h, w, c, [&](int64_t e) {
            return static_cast<double>(dy[begin + e]) * y[begin + e] / scale[begin + e];
          });
          dx[at] = static_cast<T>(dy[at] * std::pow(static_cast<double>(scale[at]), -beta) - factor * x[at] * sum);
        }
}

template void forward_ref(const Problem&, int64_t, const float*, float*, float*);
template void forward_ref(const Problem&, int64_t, const double*, double*, double*);
template void backward_ref(const Problem&, int64_t, const float*, const float*, const float*, const float*, float*);
template void backward_ref(const Problem&, int64_t, const double*, const double*, const double*, const double*,
                           double*);

}  // namespace skewbench::local_response_norm
