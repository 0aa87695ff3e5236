#include "kernels/batch_norm/batch_norm.h"

#include "kernels/base/test_arrays.h"

namespace skewbench::batch_norm {
namespace {

using test_arrays::Guarded;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::same_bits;
template <class T>
using Array = AlignedVector<T>;

// --- the reference -------------------------------------------------------------------------------------------------

TEST(BatchNormRef, HandComputed) {
  // Channel 0: 1, 3 (mean 2, variance 1); channel 1: 5, 5 (variance 0, so y = beta). eps = 3: rstd = 1/2 and 1/sqrt(3).
  const Problem problem{2, 3.0};
  const float x[] = {1, 5, 3, 5}, gamma[] = {4, 9}, beta[] = {10, 7};
  float y[4], mean[2], variance[2];
  forward_training_ref(problem, 2, x, gamma, beta, y, mean, variance);
  const float want[] = {8, 7, 12, 7}, want_mean[] = {2, 5}, want_variance[] = {1, 0};
  EXPECT_TRUE(same_bits(y, want));
  EXPECT_TRUE(same_bits(mean, want_mean));
  EXPECT_TRUE(same_bits(variance, want_variance));
  EXPECT_EQ(Problem::unbiased_factor(2), 2);

  // dy = (1, 0): dbeta = 1, dgamma = -1/2, dx = 4/2 * (g - 1/2 - xhat * (-1/4)) with xhat = -1/2, +1/2.
  const float dy[] = {1, 0, 0, 0};
  float dx[4], dgamma[2], dbeta[2];
  backward_training_ref<float>(problem, 2, x, nullptr, dy, mean, variance, gamma, dx, dgamma, dbeta);
  EXPECT_EQ(dx[0], 0.75f);
  EXPECT_EQ(dx[2], -0.75f);
  EXPECT_EQ(dgamma[0], -0.5f);
  EXPECT_EQ(dbeta[0], 1);
  backward_frozen_ref<float>(problem, 2, x, nullptr, dy, mean, variance, gamma, dx, dgamma, dbeta, true);
  EXPECT_EQ(dx[0], 2);
  EXPECT_EQ(dx[2], 0);
  EXPECT_EQ(dgamma[0], -1);  // added to
  EXPECT_EQ(dbeta[0], 2);
}

TEST(BatchNormRef, GradientsAreCentralDifferences) {
  for (bool relu : {false, true})
    for (bool frozen : {false, true}) {
      const int64_t rows = 7, c = 3;
      const Problem problem{c, 1e-3, relu};
      auto x = normals<double>(rows * c, 0), gamma = normals<double>(c, 1), beta = normals<double>(c, 2);
      const auto dy = normals<double>(rows * c, 3), given_mean = normals<double>(c, 4);
      const Array<double> given_variance{0.5, 1.0, 2.0};
      Array<double> y(dy.size()), dx(dy.size()), mean(given_mean), variance(given_variance), dgamma(3), dbeta(3);
      auto loss = [&] {
        if (frozen) forward_inference_ref(problem, rows, x.data(), mean.data(), variance.data(), gamma.data(), beta.data(), y.data());
        else forward_training_ref(problem, rows, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), variance.data());
        return test_arrays::dot(y, dy);
      };
      loss();
      (frozen ? backward_frozen_ref<double> : backward_training_ref<double>)(problem, rows, x.data(), y.data(), dy.data(), mean.data(),
                                                                             variance.data(), gamma.data(), dx.data(),
                                                                             dgamma.data(), dbeta.data(), false);
      EXPECT_TRUE(test_arrays::gradient_matches(loss, x, dx)) << relu << frozen;
      EXPECT_TRUE(test_arrays::gradient_matches(loss, gamma, dgamma)) << relu << frozen;
      EXPECT_TRUE(test_arrays::gradient_matches(loss, beta, dbeta)) << relu << frozen;
    }
}

// --- the host version against it -----------------------------------------------------------------------------------

struct Case {
  int64_t rows, c;
  double mean, deviation;  ///< of the input
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  const Case& at = info.param;
  return fmt::format("rows{}c{}{}", at.rows, at.c, at.mean == 0 ? "" : at.mean > 0 ? "largemean" : "negativemean");
}

class BatchNormHost : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(
    Shapes, BatchNormHost,
    ::testing::Values(Case{1, 1, 0, 1}, Case{2, 3, 0, 1}, Case{3, 16, 0, 1}, Case{4, 17, 0, 1}, Case{5, 32, 0, 1}, Case{63, 16, 0, 1},
                      Case{64, 16, 0, 1}, Case{65, 16, 0, 1}, Case{127, 33, 0, 1}, Case{128, 64, 0, 1}, Case{129, 1, 0, 1},
                      Case{8 * 28 * 28, 32, 0, 1}, Case{3 * 49, 64, 0, 1}, Case{1024, 16, 0, 1}, Case{2048, 15, 0, 1},
                      Case{64, 100, 0, 1}, Case{1, 48, 1e4, 0.01}, Case{67, 16, 1e4, 0.01}, Case{4096, 16, 1e4, 0.01},
                      Case{999, 19, -1e4, 0.01}, Case{4096, 32, -1e4, 1}, Case{777, 16, 1e-3, 1e-6}),
    name_of);

struct Inputs {
  Array<float> x, gamma, beta, dy;
  explicit Inputs(const Case& at)
      : x(normals<float>(at.rows * at.c, 0)), gamma(normals<float>(at.c, 1)), beta(normals<float>(at.c, 2)),
        dy(normals<float>(at.rows * at.c, 3)) {
    for (float& value : x) value = float(at.mean + at.deviation * double(value));
  }
};

/// Largest allowed difference, relative to `scale`, for results whose terms are of that size. epsilon * 32 covers the loss within
/// a chunk of 64 rows (about sqrt(64)) and the roundings of the few operations on each element.
::testing::AssertionResult near(std::span<const float> got, std::span<const float> want, double scale) {
  const Comparison result = compare(got, want, 32 * std::numeric_limits<float>::epsilon() * scale, 0);
  return (result.ok ? ::testing::AssertionSuccess() : ::testing::AssertionFailure()) << result.summary;
}

double largest(std::span<const float> values) {
  double result = 0;
  for (float value : values) result = std::max(result, std::fabs(double(value)));
  return result;
}

TEST_P(BatchNormHost, TrainingForwardAndBackward) {
  const Case at = GetParam();
  const auto [rows, c, centre, deviation] = at;
  for (bool relu : {false, true}) {
    const Problem problem{c, deviation < 0.1 ? 1e-12 : 1e-5, relu};
    const Inputs in(at), before(at);
    Guarded<float> y(rows * c, 1), mean(c, 1), variance(c, 1), again(rows * c);
    Array<float> want_y(in.x.size()), want_mean(in.gamma.size()), want_variance(in.gamma.size());
    forward_training_host(problem, rows, in.x.data(), in.gamma.data(), in.beta.data(), y.data(), mean.data(), variance.data());
    forward_training_ref(problem, rows, in.x.data(), in.gamma.data(), in.beta.data(), want_y.data(), want_mean.data(),
                         want_variance.data());
    EXPECT_TRUE(near(y.span(), want_y, largest(want_y)));
    EXPECT_TRUE(compare(mean.span(), want_mean, 4e-7 * deviation, 1.2e-7).ok);
    EXPECT_TRUE(near(variance.span(), want_variance, largest(want_variance)));
    forward_training_host(problem, rows, in.x.data(), in.gamma.data(), in.beta.data(), again.data(), mean.data(), variance.data());
    EXPECT_TRUE(same_bits(again.span(), y.span()));

    // The reference's statistics and outputs go into both, so that what differs is the backward pass alone.
    for (bool frozen : {false, true})
      for (bool accumulate : {false, true}) {
        Guarded<float> dx(rows * c, 1), dgamma(c, 1), dbeta(c, 1);
        Array<float> want_dx(in.x.size()), want_dgamma(in.gamma.size(), 1.0f), want_dbeta(in.gamma.size(), 1.0f);
        if (accumulate) std::fill_n(dgamma.data(), c, 1.0f), std::fill_n(dbeta.data(), c, 1.0f);
        (frozen ? backward_frozen_host : backward_training_host)(problem, rows, in.x.data(), want_y.data(), in.dy.data(),
                                                                 want_mean.data(), want_variance.data(), in.gamma.data(), dx.data(),
                                                                 dgamma.data(), dbeta.data(), accumulate);
        (frozen ? backward_frozen_ref<float> : backward_training_ref<float>)(
            problem, rows, in.x.data(), want_y.data(), in.dy.data(), want_mean.data(), want_variance.data(), in.gamma.data(),
            want_dx.data(), want_dgamma.data(), want_dbeta.data(), accumulate);
        // dx's terms are of the size of gamma * rstd * dy, which may cancel (one or two rows): scale by the terms.
        double term = 0;
        for (std::size_t j = 0; j < in.gamma.size(); ++j)
          term = std::max(term, std::fabs(double(in.gamma[j])) / std::sqrt(double(want_variance[j]) + problem.eps));
        EXPECT_TRUE(near(dx.span(), want_dx, term * largest(in.dy)));
        // Sums over all rows of terms of random sign: their magnitude grows with the square root of the rows.
        EXPECT_TRUE(near(dgamma.span(), want_dgamma, 1 + std::sqrt(double(rows)) * std::max(1.0, largest(want_dgamma))));
        EXPECT_TRUE(near(dbeta.span(), want_dbeta, 1 + std::sqrt(double(rows))));
        EXPECT_TRUE(dx.guards_intact() && dgamma.guards_intact() && dbeta.guards_intact());
      }
    EXPECT_TRUE(y.guards_intact() && mean.guards_intact() && variance.guards_intact());
    EXPECT_TRUE(in.x == before.x && in.dy == before.dy && in.gamma == before.gamma && in.beta == before.beta);
  }
}

TEST_P(BatchNormHost, InferenceForwardAlsoInPlace) {
  const Case at = GetParam();
  const auto [rows, c, centre, deviation] = at;
  for (bool relu : {false, true}) {
    const Problem problem{c, 1e-5, relu};
    Inputs in(at);
    Array<float> mean(in.gamma.size(), float(centre)), variance(in.gamma.size());
    for (std::size_t j = 0; j < variance.size(); ++j) variance[j] = float(deviation * deviation * (1 + 0.1 * double(j)));
    Guarded<float> y(rows * c);
    Array<float> want(in.x.size());
    forward_inference_ref(problem, rows, in.x.data(), mean.data(), variance.data(), in.gamma.data(), in.beta.data(), want.data());
    forward_inference_host(problem, rows, in.x.data(), mean.data(), variance.data(), in.gamma.data(), in.beta.data(), y.data());
    EXPECT_TRUE(near(y.span(), want, largest(want)));
    EXPECT_TRUE(y.guards_intact());
    forward_inference_host(problem, rows, in.x.data(), mean.data(), variance.data(), in.gamma.data(), in.beta.data(), in.x.data());
    EXPECT_TRUE(same_bits(in.x, y.span()));
  }
}

// --- closed forms --------------------------------------------------------------------------------------------------

TEST(BatchNormHostUse, AConstantChannelGivesBetaExactly) {
  const Problem problem{17, 1e-5};
  const int64_t rows = 200;
  Array<float> x(std::size_t(rows * 17), 12345.678f), y(x.size()), mean(17), variance(17);
  const auto gamma = normals<float>(17, 1), beta = normals<float>(17, 2);
  forward_training_host(problem, rows, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), variance.data());
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], beta[i % 17]);
  for (std::size_t j = 0; j < 17; ++j) {
    EXPECT_EQ(mean[j], 12345.678f);
    EXPECT_EQ(variance[j], 0);
  }
}

TEST(BatchNormHostUse, AnOutlierInTheFirstRowDoesNoHarm) {
  // The first row of a chunk is what the chunk's sums are relative to.
  const Problem problem{16, 1e-5};
  const int64_t rows = 6400;
  auto x = normals<float>(rows * 16, 0);
  for (std::size_t j = 0; j < 16; ++j) x[j] = 1e4f;
  const Array<float> gamma(16, 1.0f), beta(16, 0.0f);
  Array<float> y(x.size()), want(x.size()), mean(16), want_mean(16), variance(16), want_variance(16);
  forward_training_host(problem, rows, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), variance.data());
  forward_training_ref(problem, rows, x.data(), gamma.data(), beta.data(), want.data(), want_mean.data(), want_variance.data());
  // The chunk's sum(d^2) and sum(d)^2/64 agree in all but 1/64 of their size, and each carries some roundings.
  EXPECT_TRUE(compare(variance, want_variance, 0, 64 * 4 * double(std::numeric_limits<float>::epsilon())).ok) << variance[0] << ' ' << want_variance[0];
  EXPECT_TRUE(compare(mean, want_mean, 1e-5, 0).ok);
}

TEST(BatchNormHostUse, ANaNStaysInItsChannelAndPassesTheRelu) {
  const Problem problem{16, 1e-5, true};
  auto x = normals<float>(8 * 16, 0);
  x[5] = std::nanf("");
  const Array<float> gamma(16, 1.0f), beta(16, 0.0f);
  Array<float> y(x.size()), mean(16), variance(16);
  forward_training_host(problem, 8, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), variance.data());
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i % 16 == 5) << i;
  EXPECT_TRUE(std::isnan(variance[5]));
}

TEST(BatchNormRefusals, SayWhatAndWhy) {
  float v[4] = {};
  auto run = [&](Problem problem, int64_t rows) {
    return refusal([&] { forward_training_host(problem, rows, v, v, v, v, v, v); });
  };
  EXPECT_EQ(run({0}, 1), "batch norm: c=0 and rows=1 must be positive");
  EXPECT_EQ(run({1}, 0), "batch norm: c=1 and rows=0 must be positive");
  EXPECT_EQ(run({1, 0.0}, 1), "batch norm: eps=0 must be finite and positive");
  EXPECT_EQ(run({1, std::nan("")}, 1), "batch norm: eps=nan must be finite and positive");
}

}  // namespace
}  // namespace skewbench::batch_norm
