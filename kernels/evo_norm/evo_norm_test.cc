// EvoNorm-S0: hand-computed, central differences, host against reference over shapes that do and do not fill the registers, a mean
// that dwarfs the spread, aliasing, accumulation, refusals.
#include "kernels/evo_norm/evo_norm.h"

#include "kernels/evo_norm/evo_norm_cases.h"

namespace skewbench::evo_norm {
namespace {

using namespace cases;
using test_arrays::Guarded;
using test_arrays::refusal;
using test_arrays::same_bits;
using test_arrays::within;

TEST(EvoNormRef, HandComputed) {
  // Two pixels, two groups of one channel: (0, 2) has mean 1 and variance 2 (divisor 1), (ln 3, ln 3) none.
  const double log3 = std::log(3.0), x[] = {0, log3, 2, log3}, gamma[] = {3, 1}, beta[] = {0.5, -1};
  double y[4], mean[2], rstd[2];
  forward_ref<double>({.pixels = 2, .c = 2, .groups = 2, .eps = 2}, 1, x, gamma, beta, y, mean, rstd);
  EXPECT_EQ(mean[0], 1);
  EXPECT_EQ(rstd[0], 0.5);  // 1 / sqrt(2 + 2)
  EXPECT_DOUBLE_EQ(mean[1], log3);
  EXPECT_DOUBLE_EQ(rstd[1], 1 / std::sqrt(2.0));
  EXPECT_EQ(y[0], 0.5);  // 0 * sigmoid(0) leaves beta
  EXPECT_DOUBLE_EQ(y[2], 2 / (1 + std::exp(-2.0)) * 0.5 * 3 + 0.5);
  EXPECT_DOUBLE_EQ(y[1], log3 * 0.75 / std::sqrt(2.0) - 1);  // sigmoid(ln 3) = 3 / 4
}

TEST(EvoNormRef, GradientsAreCentralDifferences) {
  for (const Problem& p : {Problem{.pixels = 3, .c = 6, .groups = 2}, Problem{.pixels = 4, .c = 3, .groups = 3}}) {
    const int64_t n = 2, size = n * p.pixels * p.c;
    auto x = test_arrays::normals<double>(size, 1), gamma = test_arrays::normals<double>(p.c, 2), beta = test_arrays::normals<double>(p.c, 3);
    const auto dy = test_arrays::normals<double>(size, 4);
    Doubles y(x.size()), mean(static_cast<std::size_t>(n * p.groups)), rstd(mean.size()), dx(x.size()), dgamma(gamma.size()), dbeta(gamma.size());
    const auto loss = [&] {
      forward_ref<double>(p, n, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), rstd.data());
      return test_arrays::dot(y, dy);
    };
    loss();
    backward_ref<double>(p, n, x.data(), dy.data(), gamma.data(), mean.data(), rstd.data(), dx.data(), dgamma.data(), dbeta.data(), false);
    EXPECT_TRUE(test_arrays::gradient_matches(loss, x, dx));
    EXPECT_TRUE(test_arrays::gradient_matches(loss, gamma, dgamma));
    EXPECT_TRUE(test_arrays::gradient_matches(loss, beta, dbeta));
  }
}

struct OnHost {
  OnHost(const Case& at, const Expected& e)
      : y(at.size(), 1), mean(at.n * at.problem.groups), rstd(at.n * at.problem.groups), dx(at.size(), 1), dgamma(at.problem.c), dbeta(at.problem.c) {
    const Floats x = e.x, dy = e.dy;
    forward_host(at.problem, at.n, e.x.data(), e.gamma.data(), e.beta.data(), y.data(), mean.data(), rstd.data());
    std::copy(e.old_dgamma.begin(), e.old_dgamma.end(), dgamma.data());
    std::copy(e.old_dbeta.begin(), e.old_dbeta.end(), dbeta.data());
    backward_host(at.problem, at.n, e.x.data(), e.dy.data(), e.gamma.data(), e.mean.data(), e.rstd.data(), dx.data(), dgamma.data(), dbeta.data(),
                  at.accumulate);
    const auto same = [](const Floats& a, const Floats& b) { return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0; };
    EXPECT_TRUE(same(x, e.x) && same(dy, e.dy));
    for (const auto* output : {&y, &mean, &rstd, &dx, &dgamma, &dbeta}) EXPECT_TRUE(output->guards_intact());
  }
  Guarded<float> y, mean, rstd, dx, dgamma, dbeta;
};

void expect_host(const Case& at) {
  SCOPED_TRACE(at.text());
  const Expected e(at);
  const OnHost got(at, e);
  constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
  EXPECT_TRUE(within(got.y.span(), e.y, e.y_size, kFactor));
  EXPECT_TRUE(compare(got.mean.span(), e.mean, 8 * kEpsilon * at.spread, kEpsilon).ok);
  EXPECT_TRUE(compare(got.rstd.span(), e.rstd, 0, 8 * kEpsilon).ok);
  EXPECT_TRUE(within(got.dx.span(), e.dx, e.dx_size, kFactor));
  EXPECT_TRUE(within(got.dgamma.span(), e.dgamma, e.dgamma_size, kFactor));
  EXPECT_TRUE(within(got.dbeta.span(), e.dbeta, e.dbeta_size, kFactor));
}

TEST(EvoNormHost, EqualsTheReference) {
  for (const Problem& problem : {Problem{1024, 16, 16}, {256, 32, 32}, {64, 64, 32}, {49, 64, 2}, {7, 16, 1}, {1, 32, 4}, {16, 1, 1}, {35, 3, 3},
                                          {33, 34, 2}, {17, 17, 1}, {5, 96, 3}, {13, 5, 5}, {3, 20, 2}})
    for (const int64_t n : {1, 3}) expect_host({problem, n, 0.5, 2, n == 3});
}

TEST(EvoNormHost, LargeMeansAndWideSpreads) {
  for (const double mean : {1e3, -20.0}) expect_host({{49, 32, 8}, 2, mean, 1});
  expect_host({{49, 32, 8}, 2, 0, 1, false, 1e3});
  expect_host({{49, 32, 8}, 2, 0, 40});   // sigmoids of 0 and 1
  expect_host({{64, 8, 2}, 1, 0, 1e-3});  // a variance of the size of eps
}

TEST(EvoNormHost, FarFromZeroTheSigmoidEnds) {
  const Case at{{2, 4, 4}};
  Expected e(at);
  e.x = {-200, -90, 90, 200, 0, 0, 0, 0};
  e.beta.assign(4, 0.0f);
  e.compute(at);
  const OnHost got(at, e);
  EXPECT_NEAR(got.y.span()[0], 0, 1e-30);
  EXPECT_NEAR(got.y.span()[1], 0, 1e-30);
  EXPECT_TRUE(within(got.y.span().subspan(2), std::span(e.y).subspan(2), std::span(e.y_size).subspan(2), kFactor));
}

TEST(EvoNormHost, NanStaysInItsGroup) {
  const Case at{{49, 32, 2}};
  Expected e(at);
  e.x[100] = std::nanf("");  // channel 4: group 0
  const OnHost got(at, e);
  for (std::size_t i = 0; i < got.y.span().size(); ++i) ASSERT_EQ(std::isnan(got.y.span()[i]), i % 32 < 16) << i;
  EXPECT_TRUE(std::isnan(got.rstd.span()[0]) && !std::isnan(got.rstd.span()[1]));
}

TEST(EvoNormHost, DxMayBeDyAndHalvesOfABatchAreTheWhole) {
  const Case at{{21, 20, 2}, 4};
  Expected e(at);
  const OnHost whole(at, e);
  Floats gradient = e.dy, dgamma(20), dbeta(20);
  const auto half = [&](int64_t first, bool accumulate) {
    const int64_t from = first * 21 * 20, of_groups = first * 2;
    backward_host(at.problem, 2, e.x.data() + from, gradient.data() + from, e.gamma.data(), e.mean.data() + of_groups, e.rstd.data() + of_groups,
                  gradient.data() + from, dgamma.data(), dbeta.data(), accumulate);
  };
  half(0, false);
  half(2, true);
  EXPECT_TRUE(same_bits(gradient, whole.dx.span()));
  EXPECT_TRUE(same_bits(dgamma, whole.dgamma.span()) && same_bits(dbeta, whole.dbeta.span()));
  backward_host(at.problem, 4, e.x.data(), e.dy.data(), e.gamma.data(), e.mean.data(), e.rstd.data(), gradient.data(), nullptr, nullptr, false);
  EXPECT_TRUE(same_bits(gradient, whole.dx.span())) << "without the parameters' gradients";
}

TEST(EvoNorm, SaysWhatItRefuses) {
  EXPECT_EQ(refusal([] { check({.pixels = 0, .c = 4, .groups = 2}); }), "EvoNorm of 0 pixels, 4 channels, 2 groups: sizes must be positive");
  EXPECT_EQ(refusal([] { check({.pixels = 4, .c = 5, .groups = 2}); }), "EvoNorm: 5 channels are not divisible by 2 groups");
  EXPECT_EQ(refusal([] { check({.pixels = 1, .c = 4, .groups = 4}); }), "EvoNorm: 1 pixels of 4 channels in 4 groups: one element has no variance");
  EXPECT_EQ(refusal([] { check({.pixels = 4, .c = 4, .groups = 2, .eps = 0}); }), "EvoNorm: eps is 0, it must be positive");
  EXPECT_EQ(default_groups(16), 16);
  EXPECT_EQ(default_groups(33), 32);
}

}  // namespace
}  // namespace skewbench::evo_norm
