// Every CUDA version against the reference: rows shorter and longer than a warp, exact cases, ties, NaN, infinities, labels that
// are none, gradients in place of the logits.
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.h"

#include <bit>

#include "kernels/base/device_arrays.h"

namespace skewbench::softmax_cross_entropy {
namespace {

using test_arrays::DeviceArray;
using test_arrays::normals;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::same_bits;
using test_arrays::version_name;
using test_arrays::within;
using Floats = AlignedVector<float>;
using Labels = std::vector<int32_t>;

constexpr double kNormaliser = 24;

struct Shape {
  int64_t n, classes;
};

// Rows around a warp, around each register of a row in registers, and beyond; samples around a block of warps, of threads, and several rounds of the
// block that sums.
std::vector<Shape> shapes() {
  std::vector<Shape> result = {{1, 1},   {3, 2},   {4, 10}, {5, 33}, {127, 3}, {128, 4}, {129, 1}, {701, 6}, {701, 5}, {3, 31},
                               {2, 32},  {1, 100}, {2, 999}, {1, 1000}, {32, 1024}, {1, 1028}};
  for (int64_t registers = 0; registers < 8; ++registers) {
    result.push_back({1, 128 * registers + 20});
    result.push_back({1, 128 * registers + 128});
  }
  for (int64_t i = 0; i < test_arrays::drawn_cases(4, 200); ++i) {
    test_arrays::Draw draw(i);
    result.push_back({draw.from(1, 20), draw.from(1, 150)});
  }
  return result;
}

struct Inputs {
  int64_t n, classes;
  Floats logits, weights;
  Labels labels;
};

// The last class, and spread over the others; of 32 samples and 1,024 classes, one in each place of a lane's registers.
Labels labels_of(Shape shape) {
  Labels labels;
  for (int64_t i = 0; i < shape.n; ++i) labels.push_back(static_cast<int32_t>(shape.classes - 1 - (128 * i + i / 8) % shape.classes));
  return labels;
}

Inputs draw(Shape shape, float spread) {
  Inputs in{shape.n, shape.classes, normals<float>(shape.n * shape.classes, 1), normals<float>(shape.n, 2), Labels(static_cast<std::size_t>(shape.n))};
  for (float& value : in.logits) value *= spread;
  in.labels = labels_of(shape);
  // Every other sample is sure of its class, by more than an exponential can hold: no version may miss the largest logit.
  for (int64_t i = in.classes / 4 % 2; i < in.n; i += 2) in.logits[static_cast<std::size_t>(i * in.classes + in.labels[static_cast<std::size_t>(i)])] += 200;
  return in;
}

struct Outputs {
  Floats losses, dlogits;
  double total = 0;
};

Outputs reference(const Inputs& in, bool is_weighted) {
  Outputs out{Floats(in.labels.size()), Floats(in.logits.size())};
  out.total = loss_and_gradient_ref(in.n, in.classes, in.logits.data(), in.labels.data(), is_weighted ? in.weights.data() : nullptr, kNormaliser,
                                    out.losses.data(), out.dlogits.data());
  return out;
}

template <class T>
AlignedVector<T> copied(const DeviceArray<T>& array) {
  const auto values = array.download();
  return {values.begin(), values.end()};
}

// False where the version does not take the problem.
bool run(const device::Version<LossAndGradient>& version, const Inputs& in, bool is_weighted, bool is_in_place, Outputs& out) {
  DeviceArray<float> dlogits(std::ssize(in.logits)), losses(in.n), in_place(in.n * in.classes);
  device::copy_to_device(in_place.data(), in.logits.data(), 4 * in.n * in.classes, nullptr);
  const DeviceArray<float> logits(in.logits), weights(in.weights);
  const DeviceArray<int32_t> labels(in.labels);
  DeviceArray<double> total(1);
  const LossAndGradient arguments{in.n, in.classes, is_in_place ? in_place.data() : logits.data(), labels.data(), is_weighted ? weights.data() : nullptr,
                                  kNormaliser, losses.data(), is_in_place ? in_place.data() : dlogits.data(), total.data()};
  if (!version.why_not(arguments).empty()) return false;
  run_version(version, "loss", arguments);
  EXPECT_TRUE(logits.intact() && weights.intact() && labels.intact() && losses.intact() && dlogits.intact() && in_place.intact() && total.intact());
  out = {copied(losses), copied(is_in_place ? in_place : dlogits), total.download()[0]};
  return true;
}

bool run(const device::Version<Evaluate>& version, const Inputs& in, Evaluation& out) {
  const DeviceArray<float> logits(in.logits);
  const DeviceArray<int32_t> labels(in.labels);
  DeviceArray<double> result(2);  // an Evaluation between guards
  const Evaluate arguments{in.n, in.classes, logits.data(), labels.data(), reinterpret_cast<Evaluation*>(result.data())};
  if (!version.why_not(arguments).empty()) return false;
  run_version(version, "evaluation", arguments);
  EXPECT_TRUE(logits.intact() && labels.intact() && result.intact());
  const auto words = result.download();
  out = {words[0], std::bit_cast<int64_t>(words[1])};
  return true;
}

// What the errors of a row are proportional to. An exponential's grows with its exponent, that of the sum of positive terms with the
// root of their number (a sequential sum of C terms rounds C times by half an ulp, at random), a loss's with its terms.
struct Magnitudes {
  Floats losses, dlogits;
};
Magnitudes magnitudes_of(const Inputs& in, bool is_weighted, const Outputs& want) {
  Magnitudes result{Floats(want.losses.size()), Floats(want.dlogits.size())};
  const float of_sum = std::sqrt(static_cast<float>(in.classes)) / 4;
  for (std::size_t i = 0; i < want.losses.size(); ++i) {
    const std::size_t begin = i * static_cast<std::size_t>(in.classes);
    const float largest = *std::max_element(in.logits.begin() + static_cast<int64_t>(begin), in.logits.begin() + static_cast<int64_t>(begin) + in.classes);
    const float weight = std::fabs(is_weighted ? in.weights[i] : 1.0f) / static_cast<float>(kNormaliser);
    result.losses[i] = 1 + of_sum + 2 * (largest - in.logits[begin + static_cast<std::size_t>(in.labels[i])]) + want.losses[i];
    for (std::size_t c = 0; c < static_cast<std::size_t>(in.classes); ++c) {
      const bool is_label = static_cast<int32_t>(c) == in.labels[i];
      const float softmax = std::fabs(want.dlogits[begin + c] + (is_label ? (is_weighted ? in.weights[i] : 1.0f) / static_cast<float>(kNormaliser) : 0));
      result.dlogits[begin + c] = softmax * (2 + of_sum + largest - in.logits[begin + c]) + (is_label ? weight : 0) + std::numeric_limits<float>::min();
    }
  }
  return result;
}

class LossAndGradientCuda : public ::testing::TestWithParam<device::Version<LossAndGradient>> {};
INSTANTIATE_TEST_SUITE_P(Versions, LossAndGradientCuda, ::testing::ValuesIn(loss_and_gradient_versions()), version_name);
class EvaluateCuda : public ::testing::TestWithParam<device::Version<Evaluate>> {};
INSTANTIATE_TEST_SUITE_P(Versions, EvaluateCuda, ::testing::ValuesIn(evaluate_versions()), version_name);

TEST_P(LossAndGradientCuda, EqualsTheReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Shape shape : shapes()) {
    SCOPED_TRACE(fmt::format("{} samples of {} classes", shape.n, shape.classes));
    const bool is_weighted = (shape.n + shape.classes) % 2 == 1;
    const Inputs in = draw(shape, taken % 3 == 0 ? 20.0f : 1.0f);
    Outputs got, again;
    if (!run(GetParam(), in, is_weighted, false, got)) continue;
    ++taken;
    ASSERT_TRUE(run(GetParam(), in, is_weighted, true, again));
    const Outputs want = reference(in, is_weighted);
    const Magnitudes magnitudes = magnitudes_of(in, is_weighted, want);
    EXPECT_TRUE(within(got.losses, want.losses, magnitudes.losses));
    EXPECT_TRUE(within(got.dlogits, want.dlogits, magnitudes.dlogits));
    EXPECT_TRUE(same_bits(again.losses, got.losses) && same_bits(again.dlogits, got.dlogits)) << "in place";
    double total = 0, size = 0;
    for (std::size_t i = 0; i < got.losses.size(); ++i) {
      const double term = (is_weighted ? double(in.weights[i]) : 1.0) / kNormaliser * double(got.losses[i]);
      total += term;
      size += std::fabs(term);
    }
    EXPECT_NEAR(got.total, total, 1e-13 * size);
    EXPECT_EQ(again.total, got.total);
  }
  EXPECT_GT(taken, 10);
}

TEST_P(EvaluateCuda, EqualsTheReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Shape shape : shapes()) {
    SCOPED_TRACE(fmt::format("{} samples of {} classes", shape.n, shape.classes));
    const Inputs in = draw(shape, taken % 3 == 0 ? 20.0f : 1.0f);
    Evaluation got, again;
    if (!run(GetParam(), in, got)) continue;
    ++taken;
    ASSERT_TRUE(run(GetParam(), in, again));
    const Evaluation want = evaluate_ref(in.n, in.classes, in.logits.data(), in.labels.data());
    EXPECT_EQ(got.correct, want.correct);
    EXPECT_NEAR(got.loss_sum, want.loss_sum, 1e-6 * (want.loss_sum + static_cast<double>(in.n)));
    EXPECT_EQ(got.loss_sum, again.loss_sum);
  }
  EXPECT_GT(taken, 10);
}

// Equal logits over a power of two of classes: every exponential is 1, every quotient exact, every logarithm an integer times ln 2.
TEST_P(LossAndGradientCuda, IsExactForEqualLogits) {
  NEEDS_DEVICE();
  for (const int64_t classes : {1, 4, 32, 128, 1024}) {
    Inputs in = draw({3, classes}, 1);
    in.logits.assign(in.logits.size(), -1000.25f);
    Outputs got;
    if (!run(GetParam(), in, false, false, got)) continue;
    for (std::size_t i = 0; i < got.dlogits.size(); ++i) {
      const auto sample = i / static_cast<std::size_t>(classes), c = i % static_cast<std::size_t>(classes);
      const float weight = static_cast<float>(1 / kNormaliser), share = weight / static_cast<float>(classes);
      EXPECT_EQ(got.dlogits[i], static_cast<int32_t>(c) == in.labels[sample] ? share - weight : share) << classes << " classes";
      EXPECT_FLOAT_EQ(got.losses[sample], std::log(static_cast<float>(classes)));
    }
  }
}

TEST_P(EvaluateCuda, IsExactForEqualLogits) {
  NEEDS_DEVICE();
  for (const int64_t classes : {4, 32, 128, 1024}) {
    Evaluation got;
    ASSERT_TRUE(run(GetParam(), {3, classes, Floats(static_cast<std::size_t>(3 * classes), -1000.25f), {}, {0, 1, 2}}, got));
    EXPECT_EQ(got.loss_sum, 3 * double(std::log2(static_cast<float>(classes)) * 0.693147181f));
    EXPECT_EQ(got.correct, 1);
  }
}

TEST_P(LossAndGradientCuda, NanInfinityAndLabelsThatAreNoneShow) {
  NEEDS_DEVICE();
  for (const int64_t classes : {4, 40}) {
    Inputs in = draw({7, classes}, 1);
    const auto c = static_cast<std::size_t>(classes);
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    in.logits[1 * c + 2] = std::nanf("");
    in.logits[2 * c + 1] = kInfinity;
    in.logits[3 * c + 0] = -kInfinity;  // a class that cannot be: probability 0
    in.labels = {0, 0, 0, 1, -1, static_cast<int32_t>(classes), 0};
    Outputs got;
    ASSERT_TRUE(run(GetParam(), in, false, false, got));
    for (std::size_t sample = 0; sample < 7; ++sample) {
      const bool is_lost = sample == 1 || sample == 2 || sample == 4 || sample == 5;
      EXPECT_EQ(std::isnan(got.losses[sample]), is_lost) << sample;
      for (std::size_t k = 0; k < c; ++k) EXPECT_EQ(std::isnan(got.dlogits[sample * c + k]), is_lost) << sample << " " << k;
    }
    EXPECT_EQ(got.dlogits[3 * c], 0);
    EXPECT_TRUE(std::isnan(got.total));
  }
}

// What `change(logits of a row, its label)` makes of 32 rows of equal logits.
template <class Change>
Evaluation evaluation_after(const device::Version<Evaluate>& version, int64_t classes, Change change) {
  Inputs in{32, classes, Floats(static_cast<std::size_t>(32 * classes), 1.5f), {}, labels_of({32, classes})};
  for (int64_t i = 0; i < in.n; ++i) {
    int32_t& label = in.labels[static_cast<std::size_t>(i)];
    label = std::max(label, 1);  // a class below
    change(in.logits.data() + i * classes, label);
  }
  Evaluation got;
  EXPECT_TRUE(run(version, in, got));
  return got;
}

TEST_P(EvaluateCuda, TiesGoToTheLowestClassAndNanIsWrong) {
  NEEDS_DEVICE();
  for (const int64_t classes : {4, 68, 1024}) {
    const auto correct = [&](auto change) { return evaluation_after(GetParam(), classes, change).correct; };
    const auto loss_sum = [&](auto change) { return evaluation_after(GetParam(), classes, change).loss_sum; };
    const auto last = static_cast<int32_t>(classes) - 1;
    EXPECT_EQ(correct([](float* z, int32_t label) { z[label] = 2; }), 32);
    EXPECT_EQ(correct([&](float* z, int32_t label) { z[label] = z[std::min(label + 1, last)] = 2; }), 32) << "a tie with the class above";
    EXPECT_EQ(correct([](float* z, int32_t label) { z[label] = z[label - 1] = 2; }), 0) << "a tie with the class below";
    EXPECT_EQ(correct([](float* z, int32_t label) { z[label] = 1, z[label - 1] = 2; }), 0);
    EXPECT_EQ(correct([](float*, int32_t& label) { label = 0; }), 32) << "all are equal";
    EXPECT_EQ(correct([&](float* z, int32_t& label) { label = 0, z[last] = std::nanf(""); }), 0);
    EXPECT_EQ(correct([](float* z, int32_t label) { z[label] = std::nanf(""); }), 0);
    EXPECT_EQ(correct([&](float* z, int32_t& label) { label = 0, std::fill_n(z, classes, -std::numeric_limits<float>::infinity()); }), 32);
    EXPECT_EQ(correct([](float*, int32_t& label) { label = -1; }), 0);
    EXPECT_EQ(correct([&](float*, int32_t& label) { label = last + 1; }), 0);
    EXPECT_TRUE(std::isnan(loss_sum([](float*, int32_t& label) { label = -1; })));
    EXPECT_TRUE(std::isnan(loss_sum([&](float*, int32_t& label) { label = last + 1; })));
    EXPECT_TRUE(std::isnan(loss_sum([](float* z, int32_t) { z[0] = std::nanf(""); })));
  }
}

TEST(SoftmaxCrossEntropyCuda, Refusals) {
  NEEDS_DEVICE();
  DeviceArray<float> a(64);
  DeviceArray<int32_t> labels(1);
  DeviceArray<double> total(1);
  const auto refused = [&](std::size_t version, int64_t n, int64_t classes, const float* logits) {
    const LossAndGradient arguments{n, classes, logits, labels.data(), nullptr, 1, a.data(), a.data(), total.data()};
    return refusal([&] { device::launch(loss_and_gradient_versions()[version], "loss", arguments, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(0, 0, 3, a.data()), "loss v1 thread_per_sample: 0 samples of 3 classes: sizes must be positive");
  EXPECT_EQ(refused(0, 1, 1 << 30 | 1, a.data()), "loss v1 thread_per_sample: 1073741825 classes: there may be 1073741824");
  EXPECT_EQ(refused(1, int64_t{1} << 31, 4, a.data()), "loss v2 warp_per_sample: 2147483648 samples of 4 classes: too many for a grid");
  EXPECT_EQ(refused(2, 1, 10, a.data()), "loss v3 row_in_registers: 10 classes are not a multiple of 4");
  EXPECT_EQ(refused(2, 1, 1028, a.data()), "loss v3 row_in_registers: 1028 classes: the registers of a warp hold 1024");
  EXPECT_NE(refused(2, 1, 4, a.data() + 1).find("is not a multiple of 16"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::softmax_cross_entropy
