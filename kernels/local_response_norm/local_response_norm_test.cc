// Local response normalisation, both forms: hand-computed, central differences, host against reference.
#include "kernels/local_response_norm/local_response_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/base/compare.h"
#include "kernels/base/error.h"
#include "kernels/base/random.h"

namespace skewbench::local_response_norm {
namespace {

constexpr float kGuard = 12345;

template <class T>
std::vector<T> draw(int64_t count, uint32_t stream, double spread) {
  Random random(17, stream, 0, Purpose::probe);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(static_cast<float>(spread * random.normal()));
  return values;
}

template <class T>
std::vector<T> poisoned(int64_t count) {
  std::vector<T> values(static_cast<std::size_t>(count) + 1, std::numeric_limits<T>::quiet_NaN());
  values.back() = kGuard;
  return values;
}

TEST(LocalResponseNorm, HandComputedAcrossChannels) {
  // alpha / size = 1: scales are 1 + (1 + 4), 1 + (1 + 4 + 9), 1 + (4 + 9); beta 1 divides by them.
  const Problem problem{.h = 1, .w = 1, .c = 3, .size = 3, .alpha = 3, .beta = 1, .form = Form::across_channels};
  const double x[] = {1, 2, 3};
  double y[3], scale[3];
  forward_ref(problem, 1, x, y, scale);
  const double want_scale[] = {6, 15, 14}, want[] = {1.0 / 6, 2.0 / 15, 3.0 / 14};
  EXPECT_TRUE(compare(scale, want_scale, 0, 0).ok);
  EXPECT_TRUE(compare(y, want, 1e-16, 1e-15).ok);
}

TEST(LocalResponseNorm, HandComputedWithinAChannel) {
  // A row of three pixels, two channels. The window is 3 x 3, its divisor 9 at the border too: alpha / 9 = 1.
  const Problem problem{.h = 1, .w = 3, .c = 2, .size = 3, .alpha = 9, .beta = 1, .form = Form::within_channel};
  const double x[] = {1, 10, 2, 20, 3, 30};
  double y[6], scale[6];
  forward_ref(problem, 1, x, y, scale);
  const double want_scale[] = {6, 501, 15, 1401, 14, 1301};
  EXPECT_TRUE(compare(scale, want_scale, 0, 0).ok);
  EXPECT_NEAR(y[3], 20.0 / 1401, 1e-16);
}

TEST(LocalResponseNorm, ReferenceMatchesCentralDifferences) {
  for (Form form : {Form::across_channels, Form::within_channel}) {
    const Problem problem{.h = 3, .w = 4, .c = 5, .size = 3, .alpha = 0.7f, .beta = 0.75f, .form = form};
    const int64_t n = 2, size = n * 60;
    std::vector<double> x = draw<double>(size, 1, 1.5), dy = draw<double>(size, 2, 1), y = x, scale = x, dx = x;
    forward_ref<double>(problem, n, x.data(), y.data(), scale.data());
    backward_ref<double>(problem, n, x.data(), y.data(), scale.data(), dy.data(), dx.data());
    auto loss = [&] {
      std::vector<double> out(x.size()), unused(x.size());
      forward_ref<double>(problem, n, x.data(), out.data(), unused.data());
      double sum = 0;
      for (std::size_t i = 0; i < out.size(); ++i) sum += dy[i] * out[i];
      return sum;
    };
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double step = 1e-6, kept = x[i];
      x[i] = kept + step;
      const double above = loss();
      x[i] = kept - step;
      const double below = loss();
      x[i] = kept;
      EXPECT_NEAR((above - below) / (2 * step), dx[i], 1e-7);
    }
  }
}

void expect_host_matches(const Problem& problem, int64_t n) {
  const int64_t size = n * problem.h * problem.w * problem.c;
  const std::vector<float> x = draw<float>(size, 1, 3), dy = draw<float>(size, 2, 1);
  const std::vector<double> x_double(x.begin(), x.end()), dy_double(dy.begin(), dy.end());
  auto y = poisoned<float>(size), scale = y, dx = y;
  auto want_y = poisoned<double>(size), want_scale = want_y, want_dx = want_y;
  forward_host(problem, n, x.data(), y.data(), scale.data());
  backward_host(problem, n, x.data(), y.data(), scale.data(), dy.data(), dx.data());
  forward_ref<double>(problem, n, x_double.data(), want_y.data(), want_scale.data());
  backward_ref<double>(problem, n, x_double.data(), want_y.data(), want_scale.data(), dy_double.data(), want_dx.data());
  // A sum of size^2 positive terms, a power, a product: a relative error of a few roundings each; the gradient
  // subtracts two terms of that size (|x| < 15, and each ratio of the window is below 15 / scale).
  const double relative = (static_cast<double>(problem.size * problem.size) + 12) * 0x1p-24;
  auto expect_close = [&](const std::vector<float>& got, const std::vector<double>& want, double absolute,
                          const char* what) {
    const std::vector<double> got_double(got.begin(), got.end());
    const Comparison comparison = compare(got_double, want, absolute, relative);
    EXPECT_TRUE(comparison.ok) << what << ": " << comparison.summary << " h " << problem.h << " w " << problem.w
                               << " c " << problem.c << " size " << problem.size;
  };
  expect_close(y, want_y, 0, "y");
  expect_close(scale, want_scale, 0, "scale");
  expect_close(dx, want_dx, 8 * relative, "dx");
}

TEST(LocalResponseNorm, HostAgainstReference) {
  for (Form form : {Form::across_channels, Form::within_channel})
    for (float beta : {0.75f, 0.5f})
      for (int64_t size : {1, 3, 5, 7})
        for (int64_t c : {1, 2, 5, 16, 17, 32})
          for (int64_t h : {1, 2, 7})
            expect_host_matches({.h = h, .w = h + 2, .c = c, .size = size, .alpha = 0.7f, .beta = beta, .form = form},
                                2);
}

TEST(LocalResponseNorm, RefusesAnEvenSize) {
  EXPECT_THROW(check({.h = 2, .w = 2, .c = 2, .size = 2}), Error);
  EXPECT_THROW(check({.h = 0, .w = 2, .c = 2}), Error);
  EXPECT_NO_THROW(check({.h = 2, .w = 2, .c = 2, .size = 5}));
}

}  // namespace
}  // namespace skewbench::local_response_norm
