// Softmax cross-entropy: hand-computed, central differences, host against reference, ties, NaN, refusals.
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/base/compare.h"
#include "kernels/base/error.h"
#include "kernels/base/random.h"

namespace skewbench::softmax_cross_entropy {
namespace {

constexpr float kGuard = 12345;

template <class T>
struct Case {
  Case(int64_t n_, int64_t classes_, double spread) : n(n_), classes(classes_) {
    Random random(9, static_cast<uint32_t>(n), static_cast<uint32_t>(classes), Purpose::probe);
    for (int64_t i = 0; i < n * classes; ++i)
      logits.push_back(static_cast<T>(static_cast<float>(spread * random.normal())));
    for (int64_t i = 0; i < n; ++i) {
      labels.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(classes))));
      weights.push_back(static_cast<T>(static_cast<float>(2 * random.uniform())));
    }
  }
  int64_t n, classes;
  std::vector<T> logits, weights;
  std::vector<int32_t> labels;
};

TEST(SoftmaxCrossEntropy, HandComputed) {
  const double logits[] = {0, std::log(3.0), 5, 5};  // softmax: 1/4, 3/4 and 1/2, 1/2
  const int32_t labels[] = {0, 1};
  const double weights[] = {1, 3};
  double losses[2], gradient[4];
  const double total = loss_and_gradient_ref(2, 2, logits, labels, weights, 2, losses, gradient);
  EXPECT_NEAR(losses[0], std::log(4.0), 1e-15);
  EXPECT_NEAR(losses[1], std::log(2.0), 1e-15);
  EXPECT_NEAR(total, (std::log(4.0) + 3 * std::log(2.0)) / 2, 1e-15);
  const double want[] = {-0.375, 0.375, 0.75, -0.75};
  EXPECT_TRUE(compare(gradient, want, 1e-15, 0).ok);
}

TEST(SoftmaxCrossEntropy, ReferenceMatchesCentralDifferences) {
  Case<double> c(5, 7, 2);
  std::vector<double> losses(5), gradient(35), unused(35);
  loss_and_gradient_ref<double>(c.n, c.classes, c.logits.data(), c.labels.data(), c.weights.data(), 3.5, losses.data(),
                                gradient.data());
  const double step = 1e-5;
  for (std::size_t i = 0; i < c.logits.size(); ++i) {
    auto at = [&](double shift) {
      std::vector<double> moved = c.logits;
      moved[i] += shift;
      return loss_and_gradient_ref<double>(c.n, c.classes, moved.data(), c.labels.data(), c.weights.data(), 3.5,
                                           losses.data(), unused.data());
    };
    // step^2 / 6 times the third derivative (< 1) plus the rounding of the loss over the step
    EXPECT_NEAR((at(step) - at(-step)) / (2 * step), gradient[i], 1e-9);
  }
}

TEST(SoftmaxCrossEntropy, HostAgainstReference) {
  for (int64_t n : {1, 2, 31, 32})
    for (int64_t classes : {1, 2, 10, 17, 100})
      for (double spread : {1.0, 30.0, 1e4}) {
        const Case<float> c(n, classes, spread);
        const Case<double> d(n, classes, spread);
        const auto size = static_cast<std::size_t>(n * classes);
        std::vector<float> losses(static_cast<std::size_t>(n) + 1, std::numeric_limits<float>::quiet_NaN());
        std::vector<float> gradient(size + 1, std::numeric_limits<float>::quiet_NaN());
        losses.back() = gradient.back() = kGuard;
        std::vector<double> want_losses(static_cast<std::size_t>(n) + 1, kGuard), want_gradient(size + 1, kGuard);
        const double want =
            loss_and_gradient_ref<double>(n, classes, d.logits.data(), d.labels.data(), d.weights.data(), 32,
                                          want_losses.data(), want_gradient.data());
        const double got = loss_and_gradient_host(n, classes, c.logits.data(), c.labels.data(), c.weights.data(), 32,
                                                  losses.data(), gradient.data());
        // The difference to the maximum is rounded once (2^-24 of at most 10 spreads), and a sum of `classes` terms.
        const double relative = (static_cast<double>(classes) + 4) * 0x1p-23, absolute = relative;
        const std::vector<double> losses_d(losses.begin(), losses.end()), gradient_d(gradient.begin(), gradient.end());
        EXPECT_TRUE(compare(losses_d, want_losses, absolute, relative).ok)
            << compare(losses_d, want_losses, absolute, relative).summary;
        const double gradient_bound = (relative + 10 * spread * 0x1p-24) * 2 / 32;
        EXPECT_TRUE(compare(gradient_d, want_gradient, gradient_bound, 0).ok)
            << compare(gradient_d, want_gradient, gradient_bound, 0).summary;
        EXPECT_NEAR(got, want, (absolute + relative * 10 * spread) * 2 * static_cast<double>(n) / 32);
        const Evaluation evaluation = evaluate_host(n, classes, c.logits.data(), c.labels.data());
        const Evaluation want_evaluation = evaluate_ref<double>(n, classes, d.logits.data(), d.labels.data());
        EXPECT_EQ(evaluation.correct, want_evaluation.correct);
        EXPECT_NEAR(evaluation.loss_sum, want_evaluation.loss_sum,
                    (absolute + relative * 10 * spread) * static_cast<double>(n));
      }
}

TEST(SoftmaxCrossEntropy, NoWeightsMeansOnes) {
  const Case<float> c(6, 10, 1);
  const std::vector<float> ones(6, 1);
  for (auto* version : {&loss_and_gradient_ref<float>, &loss_and_gradient_host}) {
    std::vector<float> losses(6), got(60), want(60);
    const double a = version(6, 10, c.logits.data(), c.labels.data(), nullptr, 6, losses.data(), got.data());
    const double b = version(6, 10, c.logits.data(), c.labels.data(), ones.data(), 6, losses.data(), want.data());
    EXPECT_EQ(a, b);
    EXPECT_TRUE(compare_bits(got, want).ok);
    std::vector<float> in_place = c.logits;
    version(6, 10, in_place.data(), c.labels.data(), nullptr, 6, losses.data(), in_place.data());
    EXPECT_TRUE(compare_bits(in_place, want).ok) << "in place";
  }
}

TEST(SoftmaxCrossEntropy, TiesGoToTheLowestClassAndNanIsWrong) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float logits[] = {2, 2, 1, /**/ 2, 2, 1, /**/ nan, 1, 5, /**/ 0, 1, nan};
  const int32_t labels[] = {0, 1, 2, 2};
  for (auto* version : {&evaluate_ref<float>, &evaluate_host}) {
    EXPECT_EQ(version(2, 3, logits, labels).correct, 1);
    const Evaluation with_nan = version(4, 3, logits, labels);
    EXPECT_EQ(with_nan.correct, 1);
    EXPECT_TRUE(std::isnan(with_nan.loss_sum));
  }
  for (auto* version : {&loss_and_gradient_ref<float>, &loss_and_gradient_host}) {
    float losses[2], gradient[6];
    EXPECT_TRUE(std::isnan(version(2, 3, logits + 6, labels + 2, nullptr, 1, losses, gradient)));
    for (float value : gradient) EXPECT_TRUE(std::isnan(value));
  }
}

TEST(SoftmaxCrossEntropy, RefusesALabelOutsideTheClasses) {
  const float logits[] = {1, 2, 3};
  float losses[1], gradient[3];
  for (int32_t label : {-1, 3}) {
    EXPECT_THROW(loss_and_gradient_ref<float>(1, 3, logits, &label, nullptr, 1, losses, gradient), Error);
    EXPECT_THROW(loss_and_gradient_host(1, 3, logits, &label, nullptr, 1, losses, gradient), Error);
    EXPECT_THROW(evaluate_ref(1, 3, logits, &label), Error);
    EXPECT_THROW(evaluate_host(1, 3, logits, &label), Error);
  }
}

}  // namespace
}  // namespace skewbench::softmax_cross_entropy
