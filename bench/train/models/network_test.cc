// Whole networks: parameter counts, gradients against finite differences, production against plain loops, the same bits
// whatever was computed before, batches cut up or not.
#include "bench/train/models/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "bench/train/models/network_cases.h"
#include "bench/train/tasks/network_task.h"
#include "kernels/base/aligned.h"
#include "kernels/base/compare.h"
#include "kernels/base/error.h"
#include "kernels/base/random.h"
#include "kernels/sgd/sgd.h"

namespace skewbench::train {
namespace {

using namespace network_cases;

template <class T>
struct Result {
  double loss = 0;
  AlignedVector<T> gradient, losses;
};

template <class T>
Result<T> run(BasicNetwork<T>& network, const AlignedVector<T>& parameters, const Samples& samples,
              bool weighted = true) {
  Result<T> result;
  result.gradient.assign(parameters.size(), std::numeric_limits<T>::quiet_NaN());
  result.losses.assign(static_cast<std::size_t>(samples.n), std::numeric_limits<T>::quiet_NaN());
  const std::vector<T> weights(samples.weights.begin(), samples.weights.end());
  result.loss =
      network.loss_and_gradient(parameters.data(), samples.n, samples.images.data(), samples.labels.data(),
                                weighted ? weights.data() : nullptr, result.gradient.data(), result.losses.data());
  return result;
}

TEST(Network, ParameterCounts) {
  auto count = [](const char* model, Norm norm, Shape input) {
    return architecture_of({model, norm, input}).layout().parameters();
  };
  // Published, 32x32x3: non-IID quagmire, Caffe definitions.
  EXPECT_EQ(count("lenet", Norm::none, {32, 32, 3}), 89578);
  EXPECT_EQ(count("lenet", Norm::batch, {32, 32, 3}), 89450);
  EXPECT_EQ(count("lenet", Norm::group, {32, 32, 3}), 89450);
  // Counted from the published structure; no source prints it.
  EXPECT_EQ(count("resnet20", Norm::group, {32, 32, 3}), 272474);
  EXPECT_EQ(count("resnet20", Norm::batch, {32, 32, 3}), 272474);
  EXPECT_EQ(count("mlp", Norm::none, {28, 28, 1}), 784 * 128 + 128 + 128 * 10 + 10);
  EXPECT_EQ(count("logistic", Norm::none, {28, 28, 1}), 7850);
}

TEST(Network, FlopsFollowTheConvention) {
  EXPECT_NEAR(architecture_of({"lenet", Norm::group, {28, 28, 1}}).flops_per_sample(), 47.7e6, 0.05e6);
}

TEST(Network, RunningStatisticsAreTheLastRange) {
  const Architecture batch = architecture_of({"resnet20", Norm::batch, {32, 32, 3}}),
                     group = architecture_of({"resnet20", Norm::group, {32, 32, 3}});
  EXPECT_EQ(group.layout().statistics_begin(), group.layout().size());
  EXPECT_EQ(batch.layout().statistics_begin(), group.layout().size());
  EXPECT_EQ(batch.layout().size() - batch.layout().statistics_begin(), 2 * (7 * 16 + 7 * 32 + 7 * 64));
}

TEST(Network, InitialParametersAreAsPublished) {
  const Architecture net = architecture_of({"lenet", Norm::none, {32, 32, 3}});
  std::vector<float> parameters(static_cast<std::size_t>(net.layout().size()), -1), again = parameters;
  net.initial_parameters(1, parameters.data());
  net.initial_parameters(1, again.data());
  EXPECT_EQ(parameters, again);
  net.initial_parameters(2, again.data());
  EXPECT_NE(parameters, again);
  const Tensor &second = net.layout().tensor(2), &third = net.layout().tensor(4);  // the same deviation, other draws
  EXPECT_NE(parameters[static_cast<std::size_t>(second.offset)], parameters[static_cast<std::size_t>(third.offset)]);
  const double deviations[] = {1e-4, 0, 0.01, 0,
                               0.01, 0, 0.01, 0};  // weight, bias of three convolutions and the linear layer
  int64_t next = 0;
  for (std::size_t t = 0; t < net.layout().tensors().size(); ++t) {
    const Tensor& tensor = net.layout().tensors()[t];
    for (; next < tensor.offset; ++next) EXPECT_EQ(parameters[static_cast<std::size_t>(next)], 0) << "gap";
    double squares = 0;
    for (; next < tensor.offset + tensor.length; ++next)
      squares += std::pow(parameters[static_cast<std::size_t>(next)], 2);
    // the standard deviation of an estimated deviation is 1 / sqrt(2 length): allow four of them
    const double deviation = std::sqrt(squares / static_cast<double>(tensor.length));
    EXPECT_NEAR(deviation, deviations[t], 4 * deviations[t] / std::sqrt(2.0 * static_cast<double>(tensor.length)))
        << tensor.name;
  }
}

// Central differences in double, with plain loops. Where the slopes to the left and right disagree, a ReLU or a maximum
// changes sides within the step: such a coordinate is skipped, and few may be.
TEST(Network, GradientMatchesFiniteDifferences) {
  constexpr double kStep = 1e-7;  // a resnet has 40,000 ReLUs: a tenth of a larger step's coordinates would meet a kink
  constexpr int kCoordinates = 2;  // per tensor
  int64_t checked = 0, kinks = 0;
  for (const Case& c : kTiny) {
    BasicNetwork<double> network(architecture_of(c), transform_of(c), Kernels::ref);
    network.set_micro_batch(2);  // three samples: two micro-batches where the batch may be cut up
    const Samples samples(c, 3, 1);
    AlignedVector<double> parameters = lively_parameters<double>(network.layout(), 1);
    const Result<double> result = run(network, parameters, samples);
    Random random(6, 0, 0, Purpose::probe);
    for (const Tensor& tensor : network.layout().tensors()) {
      if (tensor.kind == TensorKind::running_statistic) continue;
      double largest = 0;
      for (int64_t i = tensor.offset; i < tensor.offset + tensor.length; ++i)
        largest = std::max(largest, std::fabs(result.gradient[static_cast<std::size_t>(i)]));
      EXPECT_GT(largest, 0) << tensor.name << " of " << describe(c);
      for (int k = 0; k < kCoordinates; ++k) {
        const auto i = static_cast<std::size_t>(tensor.offset) + random.below(static_cast<uint64_t>(tensor.length));
        const double kept = parameters[i];
        parameters[i] = kept + kStep;
        const double above = run(network, parameters, samples).loss;
        parameters[i] = kept - kStep;
        const double below = run(network, parameters, samples).loss;
        parameters[i] = kept;
        ++checked;
        const double left = (result.loss - below) / kStep, right = (above - result.loss) / kStep,
                     slope = (left + right) / 2;
        // A smooth loss bends by its second derivative times the step; its rounding over the step is some 1e-8.
        const double tolerance = 1e-4 * largest + 1e-7;
        if (std::fabs(left - right) > tolerance) {
          ++kinks;
          continue;
        }
        EXPECT_NEAR(slope, result.gradient[i], tolerance) << tensor.name << " of " << describe(c);
      }
    }
  }
  EXPECT_LE(kinks, checked / 20) << "of " << checked;
  RecordProperty("checked", static_cast<int>(checked));
  RecordProperty("kinks", static_cast<int>(kinks));
}

const Case kReal[] = {{"lenet", Norm::none, {28, 28, 1}},     {"lenet", Norm::group, {28, 28, 1}},
                      {"lenet", Norm::batch, {28, 28, 1}},    {"lenet", Norm::batch, {28, 28, 1}, true},
                      {"lenet", Norm::group, {32, 32, 3}},    {"resnet20", Norm::none, {16, 16, 3}},
                      {"resnet20", Norm::group, {16, 16, 3}}, {"resnet20", Norm::batch, {16, 16, 3}},
                      {"mlp", Norm::none, {28, 28, 1}},       {"logistic", Norm::none, {28, 28, 1}}};

// The reference in float rounds every activation once; production rounds every partial sum, up to 800 of them (5x5x32),
// which as a random walk is sqrt(800) < 32 times as much. How rounding grows from layer to layer is the same for both,
// and the reference in double shows it.
TEST(Network, ProductionMatchesPlainLoops) {
  for (const Case& c : kReal) {
    const Samples samples(c, 6, 2);
    Network production(architecture_of(c), transform_of(c), Kernels::host),
        plain(architecture_of(c), transform_of(c), Kernels::ref);
    BasicNetwork<double> exact(architecture_of(c), transform_of(c), Kernels::ref);
    const AlignedVector<float> parameters = lively_parameters<float>(production.layout(), 2);
    const Result<float> got = run(production, parameters, samples), close = run(plain, parameters, samples);
    const Result<double> want = run(exact, AlignedVector<double>(parameters.begin(), parameters.end()), samples);
    const double size = length(want.gradient), floor = 0x1p-22;
    const double error = distance(got.gradient, want.gradient),
                 allowed = 32 * distance(close.gradient, want.gradient) + floor * size;
    EXPECT_LE(error, allowed) << describe(c) << " gradient of length " << size;
    EXPECT_LE(error, 1e-3 * size) << describe(c);  // whatever the reference allows
    EXPECT_LE(std::fabs(got.loss - want.loss),
              32 * std::fabs(close.loss - want.loss) + 16 * floor * std::fabs(want.loss))
        << describe(c);
    EXPECT_LE(distance(got.losses, want.losses),
              32 * distance(close.losses, want.losses) + 16 * floor * length(want.losses))
        << describe(c);
    RecordProperty(describe(c), fmt::format("{:.2g} of {:.2g}", error / size, allowed / size));
  }
}

TEST(Network, SameBitsWhateverWasComputedBefore) {
  for (const Case& c : kReal) {
    const Samples mine(c, 11, 3), other(c, 19, 4);
    Network network(architecture_of(c), transform_of(c), Kernels::host),
        untouched(architecture_of(c), transform_of(c), Kernels::host);
    const AlignedVector<float> parameters = lively_parameters<float>(network.layout(), 3),
                               others = lively_parameters<float>(network.layout(), 4);
    const Result<float> first = run(network, parameters, mine);
    run(network, others, other);
    network.evaluate(others.data(), other.n, other.images.data(), other.labels.data());
    const Result<float> second = run(network, parameters, mine), fresh = run(untouched, parameters, mine);
    for (const Result<float>& again : {second, fresh}) {
      EXPECT_EQ(again.loss, first.loss) << describe(c);
      EXPECT_TRUE(compare_bits(again.gradient, first.gradient).ok) << describe(c);
      EXPECT_TRUE(compare_bits(again.losses, first.losses).ok) << describe(c);
    }
  }
}

TEST(Network, GapsOfTheGradientAreZero) {
  for (const Case& c : kReal) {
    Network network(architecture_of(c), transform_of(c), Kernels::host);
    const Result<float> result = run(network, lively_parameters<float>(network.layout(), 5), Samples(c, 5, 5));
    std::vector<bool> used(result.gradient.size());
    for (const Tensor& tensor : network.layout().tensors())
      std::fill_n(used.begin() + tensor.offset, tensor.length, true);
    for (std::size_t i = 0; i < used.size(); ++i) {
      ASSERT_FALSE(std::isnan(result.gradient[i])) << i << " of " << describe(c);
      ASSERT_TRUE(used[i] || result.gradient[i] == 0) << i << " of " << describe(c);
    }
  }
}

// Only the order of additions differs: of gradients over micro-batches, and of sums inside a plan for another batch size.
TEST(Network, MicroBatchesChangeOnlyTheRounding) {
  for (const Case& c : kReal) {
    if (c.norm == Norm::batch && !c.frozen) continue;
    const Samples samples(c, 7, 6);
    Network network(architecture_of(c), transform_of(c), Kernels::host);
    const AlignedVector<float> parameters = lively_parameters<float>(network.layout(), 6);
    network.set_micro_batch(7);
    const Result<float> whole = run(network, parameters, samples);
    for (int64_t micro_batch : {1, 2, 4}) {
      network.set_micro_batch(micro_batch);
      const Result<float> cut = run(network, parameters, samples);
      EXPECT_LE(distance(cut.gradient, whole.gradient), 1e-5 * length(whole.gradient))
          << describe(c) << " micro-batch " << micro_batch;
      EXPECT_NEAR(cut.loss, whole.loss, 1e-5 * std::fabs(whole.loss)) << describe(c);
    }
  }
}

TEST(Network, WeightsScaleTheSamples) {
  const Case c{"lenet", Norm::group, {28, 28, 1}};
  Network network(architecture_of(c), transform_of(c), Kernels::host);
  const AlignedVector<float> parameters = lively_parameters<float>(network.layout(), 7);
  Samples two(c, 2, 7);
  two.weights = {3, 0};
  Samples one = two;
  one.n = 1;
  const Result<float> weighted = run(network, parameters, two), alone = run(network, parameters, one, false);
  EXPECT_NEAR(weighted.loss, 1.5 * alone.loss, 1e-5 * alone.loss);  // 3 * l / 2 against l / 1
  AlignedVector<float> scaled = alone.gradient;
  for (float& value : scaled) value *= 1.5f;
  EXPECT_LE(distance(weighted.gradient, scaled), 1e-5 * length(scaled));
}

TEST(Network, EvaluationAgreesWithTraining) {
  for (const Case& c : kReal) {
    const Samples samples(c, 9, 8);
    Network network(architecture_of(c), transform_of(c), Kernels::host);
    AlignedVector<float> parameters = lively_parameters<float>(network.layout(), 8);
    const Result<float> result = run(network, parameters, samples, false);
    double tolerance = 1e-5;
    if (c.norm == Norm::batch && !c.frozen) {
      // With the batch's own statistics as running ones, evaluation computes what training did, but for the unbiased
      // factor of the variance: 1 + 1 / (rows - 1), rows at least 9 * 16 in these cases.
      std::copy(result.gradient.begin() + network.layout().statistics_begin(), result.gradient.end(),
                parameters.begin() + network.layout().statistics_begin());
      tolerance = 0.05;
    }
    const auto evaluation =
        network.evaluate(parameters.data(), samples.n, samples.images.data(), samples.labels.data());
    EXPECT_NEAR(evaluation.loss_sum / 9, result.loss, tolerance * result.loss) << describe(c);
    EXPECT_GE(evaluation.correct, 0);
    EXPECT_LE(evaluation.correct, 9);
  }
}

TEST(Network, EvaluationTakesEachSampleByItself) {
  for (const Case& c : kReal) {
    const Samples samples(c, 3, 12);
    Network network(architecture_of(c), transform_of(c), Kernels::host);
    const AlignedVector<float> parameters = lively_parameters<float>(network.layout(), 12);
    double sum = 0;
    for (int64_t i = 0; i < 3; ++i)
      sum += network
                 .evaluate(parameters.data(), 1, samples.images.data() + i * samples.size,
                           &samples.labels[static_cast<std::size_t>(i)])
                 .loss_sum;
    EXPECT_NEAR(network.evaluate(parameters.data(), 3, samples.images.data(), samples.labels.data()).loss_sum, sum,
                1e-5 * sum)
        << describe(c);
  }
}

TEST(Network, RunningStatisticsAreThoseOfTheBatch) {
  // The first norm of lenet sees pooled sums of pixels: with a filter that copies the middle pixel, it sees the maximum of
  // each window, and that is easy to compute here.
  const Case c{"lenet", Norm::batch, {12, 12, 1}};
  Network network(architecture_of(c), transform_of(c), Kernels::host);
  AlignedVector<float> parameters = lively_parameters<float>(network.layout(), 9);
  const Tensor& filter = network.layout().tensor(0);
  std::fill_n(parameters.begin() + filter.offset, filter.length, 0.0f);
  parameters[static_cast<std::size_t>(filter.offset) + 12] = 64;  // channel 0, tap (2, 2): undoes the input's scale
  const Samples samples(c, 4, 9);
  const Result<float> result = run(network, parameters, samples);
  std::vector<double> maxima;
  for (int64_t n = 0; n < 4; ++n)
    for (int64_t p = 0; p < 6; ++p)
      for (int64_t q = 0; q < 6; ++q) {
        double largest = -1e9;
        for (int64_t h = 2 * p; h < std::min<int64_t>(2 * p + 3, 12); ++h)
          for (int64_t w = 2 * q; w < std::min<int64_t>(2 * q + 3, 12); ++w)
            largest = std::max(largest, samples.images[static_cast<std::size_t>((n * 12 + h) * 12 + w)] - 120.0);
        maxima.push_back(largest);
      }
  double mean = 0, variance = 0;
  for (double value : maxima) mean += value / 144;
  for (double value : maxima) variance += (value - mean) * (value - mean) / 143;
  const auto at = static_cast<std::size_t>(network.layout().statistics_begin());
  EXPECT_NEAR(result.gradient[at], mean, 1e-4 * mean);
  EXPECT_NEAR(result.gradient[at + 32], variance, 1e-4 * variance);
}

TEST(Network, MemorisesAFewImages) {
  for (const Case& c : {Case{"lenet", Norm::group, {28, 28, 1}}, Case{"resnet20", Norm::group, {16, 16, 3}},
                        Case{"resnet20", Norm::batch, {16, 16, 3}}, Case{"mlp", Norm::none, {28, 28, 1}},
                        Case{"logistic", Norm::none, {28, 28, 1}}}) {
    const Samples samples(c, 16, 10);
    NetworkTask task(architecture_of(c), transform_of(c), Kernels::host);
    const auto size = static_cast<std::size_t>(task.layout().size());
    AlignedVector<float> x(size), gradient(size), momentum(size);
    task.initial_parameters(1, x.data());
    const Batch batch{samples.n, reinterpret_cast<const std::byte*>(samples.images.data()), samples.labels.data(),
                      nullptr};
    const sgd::Options options{.lr = 0.02, .momentum = 0.9, .statistic_momentum = 0.5};
    double loss = 0;
    for (int step = 0; step < 60; ++step) {
      loss = task.loss_and_gradient(x.data(), batch, gradient.data());
      sgd::step_host(task.layout(), options, x.data(), gradient.data(), momentum.data(), x.data(), true);
    }
    EXPECT_LT(loss, 0.1) << describe(c);
    const Evaluation evaluation = task.evaluate(x.data(), batch);
    EXPECT_EQ(evaluation.correct, 16) << describe(c);
    EXPECT_EQ(evaluation.count, 16);
  }
}

TEST(Network, RefusesWhatMakesNoNetwork) {
  EXPECT_THROW(architecture_of({"lenett", Norm::group, {28, 28, 1}}), Error);
  EXPECT_THROW(architecture_of({"mlp", Norm::group, {28, 28, 1}}), Error);
  EXPECT_THROW(architecture_of({"logistic", Norm::batch, {28, 28, 1}}), Error);
  EXPECT_THROW(make_architecture("lenet", {.input = {28, 28, 1}, .norm = Norm::group, .groups = 5}), Error);
  EXPECT_THROW(make_architecture("lenet", {.input = {28, 28, 1}, .classes = 1}), Error);
  EXPECT_THROW(architecture_of({"lenet", Norm::group, {0, 28, 1}}), Error);
  EXPECT_THROW(architecture_of({"lenet", Norm::group, {6, 6, 1}}), Error);  // nothing is left for the last pooling
  EXPECT_THROW(parse_norm("groups"), Error);
  const Case c{"logistic", Norm::none, {4, 4, 1}};
  EXPECT_THROW(Network(architecture_of(c), {{1, 2}, {1, 2}}, Kernels::host), Error);
  Network network(architecture_of(c), transform_of(c), Kernels::host);
  const AlignedVector<float> parameters(static_cast<std::size_t>(network.layout().size()));
  Samples samples(c, 2, 11);
  samples.labels[1] = 10;
  EXPECT_THROW(run(network, parameters, samples), Error);
  samples.n = 0;
  EXPECT_THROW(run(network, parameters, samples), Error);
}

}  // namespace
}  // namespace skewbench::train
