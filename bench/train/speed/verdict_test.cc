// The check before a timing must fail for what is wrong.
#include "bench/train/speed/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "kernels/base/aligned.h"

namespace skewbench::train {
namespace {

/// Half the square of the distance to (3, -4, 0, ...), with one element of the gradient and the loss off by a factor.
class Parabola : public Task<float> {
 public:
  explicit Parabola(double gradient_factor = 1, double loss_factor = 1)
      : gradient_factor_(gradient_factor), loss_factor_(loss_factor) {
    layout_.add("x", TensorKind::weight, 1, 16);
  }
  const Layout& layout() const override { return layout_; }
  double flops_per_sample() const override { return 0; }
  bool has_classes() const override { return false; }
  void initial_parameters(uint64_t, float* x) const override { std::fill_n(x, layout_.size(), 0.0f); }
  double loss_and_gradient(const float* x, const Batch&, float* gradient) override {
    double loss = 0;
    for (int64_t i = 0; i < layout_.size(); ++i) {
      gradient[i] = x[i] - (i == 0 ? 3.0f : i == 1 ? -4.0f : 0.0f);
      loss += gradient[i] * gradient[i] / 2;
    }
    gradient[0] *= static_cast<float>(gradient_factor_);
    return loss * loss_factor_;
  }
  Evaluation evaluate(const float*, const Batch&) override { return {}; }

 private:
  Layout layout_;
  double gradient_factor_, loss_factor_;
};

Verdict check(Parabola task, Parabola reference = Parabola()) {
  const AlignedVector<float> x(16);
  return check_gradient(task, reference, x.data(), [] { return Batch(); });
}

TEST(CheckGradient, PassesWithinItsBounds) {
  EXPECT_EQ(check(Parabola()), Verdict::passed);
  EXPECT_EQ(check(Parabola(1.001, 1.00005)), Verdict::passed);
}

TEST(CheckGradient, FailsBeyondThem) {
  EXPECT_EQ(check(Parabola(1.01)), Verdict::incorrect);
  EXPECT_EQ(check(Parabola(1, 1.001)), Verdict::incorrect);
}

TEST(CheckGradient, HasThreeBatches) {
  class Tipped : public Parabola {  // right on one batch: the one with this number
   public:
    explicit Tipped(int right) : right_(right) {}
    double loss_and_gradient(const float* x, const Batch& batch, float* gradient) override {
      const double loss = Parabola::loss_and_gradient(x, batch, gradient);
      if (count_++ != right_) gradient[1] = 0;
      return loss;
    }

   private:
    int right_, count_ = 0;
  };
  const AlignedVector<float> x(16);
  for (const auto& [right, verdict] : {std::pair{0, Verdict::passed}, {2, Verdict::passed}, {3, Verdict::incorrect}}) {
    Tipped task(right);
    Parabola reference;
    EXPECT_EQ(check_gradient(task, reference, x.data(), [] { return Batch(); }), verdict) << right;
  }
}

TEST(CheckGradient, NaNAndInfinityFailOnEitherSide) {
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(check(Parabola(value)), Verdict::incorrect);
    EXPECT_EQ(check(Parabola(1, value)), Verdict::incorrect);
    EXPECT_EQ(check(Parabola(), Parabola(value)), Verdict::incorrect);
    EXPECT_EQ(check(Parabola(value), Parabola(value)), Verdict::incorrect);
    EXPECT_EQ(check(Parabola(1, value), Parabola(1, value)), Verdict::incorrect);
  }
}

TEST(Requirement, SaysWhetherItIsMet) {
  EXPECT_EQ(requirement(">= 60 %", true), ">= 60 %: reached");
  EXPECT_EQ(requirement(">= 60 %", false), ">= 60 %: MISSED");
}

}  // namespace
}  // namespace skewbench::train
