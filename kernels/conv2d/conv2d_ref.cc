// Convolution in plain loops with double accumulators: the definition that every other version is compared with.
#include "kernels/base/error.h"
#include "kernels/conv2d/conv2d.h"

#include <algorithm>
#include <vector>

namespace skewbench::conv2d {

double Problem::flops_forward(int64_t n) const {
  return 2.0 * double(n) * double(p()) * double(q()) * double(filter_size());
}

void Problem::validate() const {
  REQUIRE(h > 0 && w > 0 && c > 0 && k > 0 && r > 0 && s > 0 && stride > 0,
          "convolution: extents must be positive, got h={} w={} c={} k={} r={} s={} stride={}", h, w, c, k, r, s, stride);
  REQUIRE(pad >= 0 && pad < std::min(r, s), "convolution: pad={} must be at least 0 and below the filter's r={} and s={}",
          pad, r, s);
  constexpr int64_t kLimit = int64_t{1} << 31;
  for (int64_t extent : {h, w, c, k, stride})
    REQUIRE(extent < kLimit, "convolution: extent {} is not below 2^31", extent);
  REQUIRE(r <= h + 2 * pad && s <= w + 2 * pad, "convolution: a {}x{} filter does not fit into a {}x{} image with pad={}",
          r, s, h, w, pad);
  REQUIRE(double(h) * double(w) * double(c) < kLimit && double(p()) * double(q()) * double(k) < kLimit &&
              double(k) * double(r) * double(s) * double(c) < kLimit,
          "convolution: an image or the filter has 2^31 elements or more (h={} w={} c={} k={} r={} s={})", h, w, c, k, r, s);
}

namespace {

/// Calls tap(index of the output element, index of the filter element, index of the input element) for every product of
/// the definition whose input element lies inside the image, in ascending order of n, p, q, k, r, s, c.
template <class Tap>
void for_each_tap(const Problem& problem, int64_t n_extent, Tap tap) {
  const auto [h, w, c, k, r, s, stride, pad] = problem;
  int64_t y_index = 0;
  for (int64_t n = 0; n < n_extent; ++n)
    for (int64_t p = 0; p < problem.p(); ++p)
      for (int64_t q = 0; q < problem.q(); ++q)
        for (int64_t ik = 0; ik < k; ++ik, ++y_index)
          for (int64_t ir = 0; ir < r; ++ir)
            for (int64_t is = 0; is < s; ++is) {
              const int64_t row = p * stride - pad + ir, column = q * stride - pad + is;
              if (row < 0 || row >= h || column < 0 || column >= w) continue;
              for (int64_t ic = 0; ic < c; ++ic)
                tap(y_index, ((ik * r + ir) * s + is) * c + ic, ((n * h + row) * w + column) * c + ic);
            }
}

std::size_t count(int64_t size) { return static_cast<std::size_t>(size); }

void check(const Problem& problem, int64_t n) {
  problem.validate();
  REQUIRE(n > 0, "convolution: batch size {} must be positive", n);
}

}  // namespace

template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, const T* filter, const T* bias, T* y) {
  check(problem, n);
  std::vector<double> sum(count(problem.y_size(n)), 0.0);
  if (bias)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = bias[i % count(problem.k)];
  for_each_tap(problem, n, [&](int64_t iy, int64_t jf, int64_t jx) { sum[count(iy)] += double(x[jx]) * double(filter[jf]); });
  std::transform(sum.begin(), sum.end(), y, [](double value) { return T(value); });
}

template <class T>
void backward_input_ref(const Problem& problem, int64_t n, const T* dy, const T* filter, T* dx) {
  check(problem, n);
  std::vector<double> sum(count(problem.x_size(n)), 0.0);
  for_each_tap(problem, n, [&](int64_t iy, int64_t jf, int64_t jx) { sum[count(jx)] += double(dy[iy]) * double(filter[jf]); });
  std::transform(sum.begin(), sum.end(), dx, [](double value) { return T(value); });
}

template <class T>
void backward_filter_ref(const Problem& problem, int64_t n, const T* x, const T* dy, T* dfilter, T* dbias, bool accumulate) {
  check(problem, n);
  std::vector<double> sum(count(problem.filter_size()), 0.0), bias_sum(count(problem.k), 0.0);
  for_each_tap(problem, n, [&](int64_t iy, int64_t jf, int64_t jx) { sum[count(jf)] += double(dy[iy]) * double(x[jx]); });
  for (int64_t i = 0; i < problem.y_size(n); ++i) bias_sum[count(i % problem.k)] += double(dy[i]);
  for (std::size_t i = 0; i < sum.size(); ++i) dfilter[i] = T((accumulate ? double(dfilter[i]) : 0.0) + sum[i]);
  if (dbias)
    for (std::size_t i = 0; i < bias_sum.size(); ++i) dbias[i] = T((accumulate ? double(dbias[i]) : 0.0) + bias_sum[i]);
}

template void forward_ref(const Problem&, int64_t, const float*, const float*, const float*, float*);
template void forward_ref(const Problem&, int64_t, const double*, const double*, const double*, double*);
template void backward_input_ref(const Problem&, int64_t, const float*, const float*, float*);
template void backward_input_ref(const Problem&, int64_t, const double*, const double*, double*);
template void backward_filter_ref(const Problem&, int64_t, const float*, const float*, float*, float*, bool);
template void backward_filter_ref(const Problem&, int64_t, const double*, const double*, double*, double*, bool);

}  // namespace skewbench::conv2d
