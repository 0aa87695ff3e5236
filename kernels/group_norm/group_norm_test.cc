// Group norm: hand-computed, central differences, host against reference over shapes that do and do not fill the
// registers, a mean that dwarfs the spread, fused forms, aliasing, accumulation, determinism.
#include "kernels/group_norm/group_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/base/compare.h"
#include "kernels/base/error.h"
#include "kernels/base/random.h"

namespace skewbench::group_norm {
namespace {

constexpr float kGuard = 12345;

template <class T>
std::vector<T> draw(int64_t count, uint32_t stream, double mean, double spread) {
  Random random(13, stream, 0, Purpose::probe);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(static_cast<float>(mean + spread * random.normal()));
  return values;
}

// All arrays of a forward and backward pass; outputs poisoned, with a guard behind their end.
template <class T>
struct Arrays {
  Arrays(const Problem& problem_, int64_t n_, double mean = 0.5, double spread = 2)
      : problem(problem_), n(n_), size(n * problem.pixels * problem.c) {
    x = draw<T>(size, 1, mean, spread);
    residual = draw<T>(size, 2, 0, 1);
    dy = draw<T>(size, 3, 0, 1);
    gamma = draw<T>(problem.c, 4, 1, 0.3);
    beta = draw<T>(problem.c, 5, 0, 0.3);
    for (auto* output : {&y, &dx, &dresidual}) *output = poisoned(size);
    for (auto* output : {&mu, &rstd}) *output = poisoned(n * problem.groups);
    for (auto* output : {&dgamma, &dbeta}) *output = poisoned(problem.c);
  }
  static std::vector<T> poisoned(int64_t count) {
    std::vector<T> values(static_cast<std::size_t>(count) + 1, std::numeric_limits<T>::quiet_NaN());
    values.back() = kGuard;
    return values;
  }
  void run_ref(bool accumulate = false) {
    forward_ref<T>(problem, n, x.data(), gamma.data(), beta.data(), residual.data(), y.data(), mu.data(), rstd.data());
    backward_ref<T>(problem, n, x.data(), y.data(), dy.data(), gamma.data(), mu.data(), rstd.data(), dx.data(),
                    dresidual.data(), dgamma.data(), dbeta.data(), accumulate);
  }
  void run_host(bool accumulate = false) {
    if constexpr (std::is_same_v<T, float>) {
      forward_host(problem, n, x.data(), gamma.data(), beta.data(), residual.data(), y.data(), mu.data(), rstd.data());
      backward_host(problem, n, x.data(), y.data(), dy.data(), gamma.data(), mu.data(), rstd.data(), dx.data(),
                    dresidual.data(), dgamma.data(), dbeta.data(), accumulate);
    }
  }
  Problem problem;
  int64_t n, size;
  std::vector<T> x, residual, dy, gamma, beta, y, mu, rstd, dx, dresidual, dgamma, dbeta;
};

TEST(GroupNorm, HandComputed) {
  // One pixel, two groups of two channels: (1, 3) -> mean 2, variance 1; (10, 10) -> variance 0.
  const Problem problem{.pixels = 1, .c = 4, .groups = 2, .eps = 3, .relu = true, .add = true};
  const double x[] = {1, 3, 10, 10}, gamma[] = {2, 2, 1, 1}, beta[] = {0, 1, 5, -5}, residual[] = {0.5, 0, 0, 0};
  double y[4], mean[2], rstd[2];
  forward_ref(problem, 1, x, gamma, beta, residual, y, mean, rstd);
  EXPECT_EQ(mean[0], 2);
  EXPECT_EQ(rstd[0], 0.5);  // 1 / sqrt(1 + 3): eps is inside the root, the variance divided by 2
  EXPECT_EQ(mean[1], 10);
  EXPECT_DOUBLE_EQ(rstd[1], 1 / std::sqrt(3.0));
  EXPECT_EQ(std::vector<double>(y, y + 4), (std::vector<double>{0, 2, 5, 0}));  // relu(-1 + .5), 1 + 1, 5, relu(-5)
}

TEST(GroupNorm, ReferenceMatchesCentralDifferences) {
  for (int flags = 0; flags < 8; ++flags) {
    const Problem problem{.pixels = 3,
                          .c = 6,
                          .groups = 2,
                          .affine = (flags & 1) != 0,
                          .relu = (flags & 2) != 0,
                          .add = (flags & 4) != 0};
    Arrays<double> a(problem, 2);
    a.run_ref();
    auto loss = [&] {  // <dy, y>: its gradients are what backward returns
      Arrays<double> b = a;
      forward_ref<double>(problem, a.n, a.x.data(), a.gamma.data(), a.beta.data(), a.residual.data(), b.y.data(),
                          b.mu.data(), b.rstd.data());
      double sum = 0;
      for (int64_t i = 0; i < a.size; ++i) sum += a.dy[static_cast<std::size_t>(i)] * b.y[static_cast<std::size_t>(i)];
      return sum;
    };
    auto expect_gradient = [&](std::vector<double>& values, const std::vector<double>& gradient, const char* what) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double step = 1e-6, kept = values[i];
        values[i] = kept + step;
        const double above = loss();
        values[i] = kept - step;
        const double below = loss();
        values[i] = kept;
        EXPECT_NEAR((above - below) / (2 * step), gradient[i], 1e-7) << what << " " << i << " flags " << flags;
      }
    };
    expect_gradient(a.x, a.dx, "x");
    if (problem.add) expect_gradient(a.residual, a.dresidual, "residual");
    if (problem.affine) {
      expect_gradient(a.gamma, a.dgamma, "gamma");
      expect_gradient(a.beta, a.dbeta, "beta");
    }
  }
}

std::string describe(const Problem& p, int64_t n) {
  return fmt::format("n {} pixels {} c {} groups {} affine {} relu {} add {}", n, p.pixels, p.c, p.groups, p.affine,
                     p.relu, p.add);
}

// Host in float against the reference in double on the same numbers. Every output is a sum of O(1) terms that are each
// rounded a few times; the mean is rounded to float, which moves xhat by half an ulp of the mean times rstd.
void expect_host_matches(const Problem& problem, int64_t n, double mean, double spread) {
  Arrays<float> got(problem, n, mean, spread);
  Arrays<double> want(problem, n, mean, spread);
  const std::vector<float> x = got.x, dy = got.dy;
  got.run_host();
  want.run_ref();
  const double xhat_error = (std::fabs(mean) + 4 * spread) * 0x1p-24 / spread * 4 + 32 * 0x1p-24;
  const double terms =
      std::sqrt(static_cast<double>(problem.pixels * n)) + 8;  // size of a sum over pixels of normal terms
  auto expect_close = [&](const std::vector<float>& g, const std::vector<double>& w, double bound, const char* what) {
    const std::vector<double> g_double(g.begin(), g.end());
    const Comparison comparison = compare(g_double, w, bound, 8 * 0x1p-24);
    EXPECT_TRUE(comparison.ok) << what << ": " << comparison.summary << " | " << describe(problem, n);
  };
  // A ReLU at zero may open in one and stay shut in the other; the gradient is compared on the mask of `got`.
  for (std::size_t i = 0; i < want.y.size(); ++i)
    if (problem.relu && (got.y[i] > 0) != (want.y[i] > 0)) {
      EXPECT_LT(std::fabs(want.y[i]) + std::fabs(got.y[i]), 8 * xhat_error);
      want.y[i] = got.y[i];
    }
  backward_ref<double>(problem, n, want.x.data(), want.y.data(), want.dy.data(), want.gamma.data(), want.mu.data(),
                       want.rstd.data(), want.dx.data(), want.dresidual.data(), want.dgamma.data(), want.dbeta.data(),
                       false);
  expect_close(got.mu, want.mu, (std::fabs(mean) + spread) * 0x1p-23, "mean");
  expect_close(got.rstd, want.rstd, xhat_error / spread, "rstd");
  expect_close(got.y, want.y, 8 * xhat_error, "y");
  expect_close(got.dx, want.dx, 32 * xhat_error / spread, "dx");
  if (problem.add) expect_close(got.dresidual, want.dresidual, 0, "dresidual");
  if (problem.affine) {
    expect_close(got.dgamma, want.dgamma, 8 * xhat_error * terms, "dgamma");
    expect_close(got.dbeta, want.dbeta, 0x1p-20 * terms, "dbeta");
  }
  EXPECT_EQ(got.x, x);
  EXPECT_EQ(got.dy, dy);
}

struct Shape {
  int64_t pixels, c, groups;
};
// c / groups of 1, 8, 16, 17 and 32; rows that fill registers, and tails of every kind.
const Shape kShapes[] = {{1024, 16, 2}, {256, 32, 2}, {64, 64, 2}, {49, 64, 2}, {196, 32, 2}, {7, 16, 1},
                         {1, 16, 2},    {16, 1, 1},   {35, 3, 3},  {64, 8, 1},  {33, 34, 2},  {17, 17, 1},
                         {5, 96, 3},    {13, 5, 5},   {9, 112, 7}, {3, 20, 2},  {100, 48, 3}};

TEST(GroupNorm, HostAgainstReference) {
  for (const Shape& s : kShapes)
    for (int64_t n : {1, 3})
      for (int flags = 0; flags < 8; ++flags) {
        if (s.pixels * s.c / s.groups < 2) continue;
        expect_host_matches({.pixels = s.pixels,
                             .c = s.c,
                             .groups = s.groups,
                             .affine = (flags & 1) != 0,
                             .relu = (flags & 2) != 0,
                             .add = (flags & 4) != 0},
                            n, 0.5, 2);
      }
}

TEST(GroupNorm, AMeanThatDwarfsTheSpread) {
  for (const Shape& s : kShapes) {
    if (s.pixels * s.c / s.groups < 16) continue;
    expect_host_matches({.pixels = s.pixels, .c = s.c, .groups = s.groups}, 2, 1e4, 1);
  }
}

TEST(GroupNorm, AConstantInputGivesTheShift) {
  // 1234.567 times 512 needs more bits than a float has: a mean from one pass in float is off by several ulps, which
  // 1 / sqrt(eps) = 316 would blow up.
  const Problem problem{.pixels = 1024, .c = 32, .groups = 2};
  Arrays<float> a(problem, 1);
  a.x.assign(a.x.size(), 1234.567f);
  a.run_host();
  for (std::size_t i = 0; i + 1 < a.y.size(); ++i) ASSERT_EQ(a.y[i], a.beta[i % 32]);
  for (std::size_t g = 0; g < 2; ++g) EXPECT_NEAR(a.rstd[g], 1 / std::sqrt(1e-5), 1e-4);
}

TEST(GroupNorm, NanStaysVisible) {
  const Problem problem{.pixels = 49, .c = 32, .groups = 2, .relu = true};
  Arrays<float> a(problem, 1);
  a.x[100] = std::numeric_limits<float>::quiet_NaN();  // channel 4: group 0
  a.run_host();
  for (std::size_t i = 0; i < 49 * 32; ++i) ASSERT_EQ(std::isnan(a.y[i]), i % 32 < 16) << i;
  EXPECT_TRUE(std::isnan(a.rstd[0]));
}

TEST(GroupNorm, OutputsMayOverwriteInputs) {
  for (const Shape& s : {Shape{49, 32, 2}, Shape{35, 3, 3}}) {
    const Problem problem{.pixels = s.pixels, .c = s.c, .groups = s.groups, .relu = true, .add = true};
    Arrays<float> apart(problem, 2), over_x(problem, 2), over_residual(problem, 2);
    apart.run_host();
    auto forward = [&](Arrays<float>& a, float* y) {
      forward_host(problem, 2, a.x.data(), a.gamma.data(), a.beta.data(), a.residual.data(), y, a.mu.data(),
                   a.rstd.data());
    };
    auto backward = [&](float* dx, float* dresidual, std::vector<float>& dy) {
      backward_host(problem, 2, apart.x.data(), apart.y.data(), dy.data(), apart.gamma.data(), apart.mu.data(),
                    apart.rstd.data(), dx, dresidual, apart.dgamma.data(), apart.dbeta.data(), false);
    };
    const std::size_t size = static_cast<std::size_t>(apart.size);
    const std::vector<float> y(apart.y.begin(), apart.y.begin() + apart.size),
        dx(apart.dx.begin(), apart.dx.begin() + apart.size);
    forward(over_x, over_x.x.data());
    EXPECT_TRUE(compare_bits(over_x.x, y).ok);
    forward(over_residual, over_residual.residual.data());
    EXPECT_TRUE(compare_bits(over_residual.residual, y).ok);
    std::vector<float> gradient = apart.dy, other(size);
    backward(gradient.data(), other.data(), gradient);
    EXPECT_TRUE(compare_bits(gradient, dx).ok) << "dx over dy";
    gradient = apart.dy;
    backward(other.data(), gradient.data(), gradient);
    EXPECT_TRUE(compare_bits(other, dx).ok) << "dresidual over dy";
  }
}

TEST(GroupNorm, AccumulatesIntoGammaAndBeta) {
  const Problem problem{.pixels = 21, .c = 20, .groups = 2};
  for (bool host : {false, true}) {
    Arrays<float> whole(problem, 4), first(problem, 2), second(problem, 2);
    const int64_t half = first.size;
    second.x.assign(whole.x.begin() + half, whole.x.end());
    second.dy.assign(whole.dy.begin() + half, whole.dy.end());
    host ? whole.run_host() : whole.run_ref();
    host ? first.run_host() : first.run_ref();
    second.dgamma = first.dgamma, second.dbeta = first.dbeta;
    host ? second.run_host(true) : second.run_ref(true);
    // The same additions in the same order: splitting a batch changes no bit.
    EXPECT_TRUE(compare_bits(second.dgamma, whole.dgamma).ok) << "host " << host;
    EXPECT_TRUE(compare_bits(second.dbeta, whole.dbeta).ok) << "host " << host;
  }
}

TEST(GroupNorm, SameInputSameBits) {
  const Problem problem{.pixels = 49, .c = 64, .groups = 2, .relu = true, .add = true};
  Arrays<float> a(problem, 3), b(problem, 3);
  a.run_host();
  b.run_host();
  EXPECT_TRUE(compare_bits(a.y, b.y).ok && compare_bits(a.dx, b.dx).ok && compare_bits(a.dgamma, b.dgamma).ok);
}

TEST(GroupNorm, RefusesChannelsThatDoNotDivide) {
  EXPECT_THROW(check({.pixels = 4, .c = 5, .groups = 2}), Error);
  EXPECT_THROW(check({.pixels = 0, .c = 4, .groups = 2}), Error);
  EXPECT_THROW(check({.pixels = 4, .c = 4, .groups = 2, .eps = 0}), Error);
  EXPECT_NO_THROW(check({.pixels = 4, .c = 4, .groups = 4}));
}

}  // namespace
}  // namespace skewbench::group_norm
