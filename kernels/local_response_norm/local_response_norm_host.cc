// The window's sum is taken along contiguous floats: across channels in a padded copy of a pixel, within a channel in
// a padded copy of a row into which the rows of the window were added. Every loop is vectorised over the row.
#include <algorithm>
#include <cmath>

#include "kernels/base/aligned.h"
#include "kernels/local_response_norm/local_response_norm.h"

namespace skewbench::local_response_norm {
namespace {

// out[i] = sum of the `size` values padded[i], padded[i + step], ...
void sum_shifted(int64_t count, int64_t size, int64_t step, const float* __restrict padded, float* __restrict out) {
  if (size == 3) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) out[i] = padded[i] + padded[i + step] + padded[i + 2 * step];
    return;
  }
  std::copy_n(padded, count, out);
  for (int64_t k = 1; k < size; ++k)
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) out[i] += padded[i + k * step];
}

// Sums over the window of every element of one sample.
class WindowSums {
 public:
  explicit WindowSums(const Problem& problem)
      : problem_(problem),
        within_(problem.form == Form::within_channel),
        step_(within_ ? problem.c : 1),
        row_(within_ ? problem.w * problem.c : problem.c),
        padded_(static_cast<std::size_t>(row_ + (problem.size - 1) * step_)) {}

  void operator()(const float* values, float* sums) {
    const int64_t reach = (problem_.size - 1) / 2;
    float* const middle = padded_.data() + reach * step_;  // the padding on both sides stays zero
    const int64_t count = within_ ? problem_.h : problem_.h * problem_.w;
    for (int64_t row = 0; row < count; ++row) {
      const int64_t first = within_ ? std::max<int64_t>(row - reach, 0) : row;
      const int64_t last = within_ ? std::min(row + reach, count - 1) : row;
      std::copy_n(values + first * row_, row_, middle);
      for (int64_t r = first + 1; r <= last; ++r)
#pragma omp simd
        for (int64_t i = 0; i < row_; ++i) middle[i] += values[r * row_ + i];
      sum_shifted(row_, problem_.size, step_, padded_.data(), sums + row * row_);
    }
  }

 private:
  Problem problem_;
  bool within_;
  int64_t step_, row_;  // floats from one value of a window to the next; floats of a row
  AlignedVector<float> padded_;
};

float alpha_per_element(const Problem& problem) {
  const auto size = static_cast<float>(problem.size);
  return problem.alpha / (problem.form == Form::within_channel ? size * size : size);
}

// body(power) with power(s) = s^-beta: by two square roots for Caffe's 0.75, which unlike powf is vectorised.
template <class Body>
void with_power(float beta, Body body) {
  if (beta == 0.75f)
    body([](float s) {
      const float root = std::sqrt(1 / s);
      return root * std::sqrt(root);
    });
  else
    body([beta](float s) { return std::pow(s, -beta); });
}

}  // namespace

void forward_host(const Problem& problem, int64_t n, const float* x, float* y, float* scale) {
  check(problem);
  const int64_t sample = problem.h * problem.w * problem.c;
  const float alpha = alpha_per_element(problem);
  WindowSums window_sums(problem);
  AlignedVector<float> squares(static_cast<std::size_t>(sample));
  for (int64_t i = 0; i < n; ++i) {
    const float* const from = x + i * sample;
    float *const to = y + i * sample, *const s = scale + i * sample;
#pragma omp simd
    for (int64_t e = 0; e < sample; ++e) squares[static_cast<std::size_t>(e)] = from[e] * from[e];
    window_sums(squares.data(), s);
    with_power(problem.beta, [=](auto power) {
#pragma omp simd
      for (int64_t e = 0; e < sample; ++e) {
        s[e] = std::fma(alpha, s[e], 1.0f);
        to[e] = from[e] * power(s[e]);
      }
    });
  }
}

void backward_host(const Problem& problem, int64_t n, const float* x, const float* y, const float* scale,
                   const float* dy, float* dx) {
  check(problem);
  const int64_t sample = problem.h * problem.w * problem.c;
  const float factor = 2 * problem.beta * alpha_per_element(problem);
  WindowSums window_sums(problem);
  AlignedVector<float> ratios(static_cast<std::size_t>(sample));
  for (int64_t i = 0; i < n; ++i) {
    const int64_t begin = i * sample;
    float* const ratio = ratios.data();
    float* const to = dx + begin;
#pragma omp simd
    for (int64_t e = 0; e < sample; ++e) ratio[e] = dy[begin + e] * y[begin + e] / scale[begin + e];
    window_sums(ratio, to);
    with_power(problem.beta, [=](auto power) {
#pragma omp simd
      for (int64_t e = 0; e < sample; ++e)
        to[e] = std::fma(dy[begin + e], power(scale[begin + e]), -(factor * x[begin + e] * to[e]));
    });
  }
}

}  // namespace skewbench::local_response_norm
