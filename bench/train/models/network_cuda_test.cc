// Whole networks on a device against the host's plain loops: gradients, losses, evaluations; the same bits whatever was computed
// before.
// environment: SKEWBENCH_CUDA_CHECKS=0
// full environment: SKEWBENCH_CUDA_CHECKS=1
#include <gtest/gtest.h>

#include <limits>

#include "bench/train/models/network_cases.h"
#include "kernels/base/compare.h"
#include "kernels/base/device_arrays.h"
#include "kernels/base/queue.h"

namespace skewbench::train {
namespace {

using namespace network_cases;

struct Result {
  double loss = 0;
  AlignedVector<float> gradient, losses;
  Network::Evaluation evaluation;
};

/// Gradient and evaluation with parameters, gradient and activations in the network's memory.
Result run(Network& network, const AlignedVector<float>& parameters, const Samples& samples) {
  const int64_t bytes = std::ssize(parameters) * static_cast<int64_t>(sizeof(float));
  const Memory memory = network.memory();
  Buffer<float> x(memory, std::ssize(parameters)), gradient(memory, std::ssize(parameters));
  Result result;
  result.gradient.assign(parameters.size(), std::numeric_limits<float>::quiet_NaN());
  result.losses.assign(static_cast<std::size_t>(samples.n), std::numeric_limits<float>::quiet_NaN());
  memory.upload(x.data(), parameters.data(), bytes);
  memory.upload(gradient.data(), result.gradient.data(), bytes);
  result.loss = network.loss_and_gradient(x.data(), samples.n, samples.images.data(), samples.labels.data(), samples.weights.data(),
                                          gradient.data(), result.losses.data());
  memory.download(result.gradient.data(), gradient.data(), bytes);
  result.evaluation = network.evaluate(x.data(), samples.n, samples.images.data(), samples.labels.data());
  return result;
}

/// Rounding may grow as network_test.cc says for the host's production kernels: 32 times the plain loops' distance to double.
void expect_close(const Case& c, const Result& got, const AlignedVector<float>& parameters, const Samples& samples) {
  Network plain(architecture_of(c), transform_of(c), Kernels::ref);
  const Result close = run(plain, parameters, samples);
  BasicNetwork<double> exact(architecture_of(c), transform_of(c), Kernels::ref);
  const std::vector<double> x(parameters.begin(), parameters.end()), weights(samples.weights.begin(), samples.weights.end());
  std::vector<double> want(x.size()), losses(weights.size());
  const double loss = exact.loss_and_gradient(x.data(), samples.n, samples.images.data(), samples.labels.data(), weights.data(),
                                              want.data(), losses.data());
  const auto evaluation = exact.evaluate(x.data(), samples.n, samples.images.data(), samples.labels.data());
  const double size = length(want), floor = 0x1p-22;
  const double error = distance(got.gradient, want);
  EXPECT_LE(error, 32 * distance(close.gradient, want) + floor * size) << describe(c) << " gradient of length " << size;
  EXPECT_LE(error, 1e-3 * size) << describe(c);
  EXPECT_LE(std::fabs(got.loss - loss), 32 * std::fabs(close.loss - loss) + 16 * floor * std::fabs(loss)) << describe(c);
  EXPECT_LE(distance(got.losses, losses), 32 * distance(close.losses, losses) + 16 * floor * length(losses)) << describe(c);
  EXPECT_LE(std::fabs(got.evaluation.loss_sum - evaluation.loss_sum),
            32 * std::fabs(close.evaluation.loss_sum - evaluation.loss_sum) + 16 * floor * evaluation.loss_sum) << describe(c);
  EXPECT_EQ(got.evaluation.correct, evaluation.correct) << describe(c);
}

class NetworkCuda : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Tiny, NetworkCuda, testing::ValuesIn(kTiny));

TEST_P(NetworkCuda, MatchesPlainLoops) {
  NEEDS_DEVICE();
  const Case& c = GetParam();
  device::Queue queue;
  Network network(architecture_of(c), transform_of(c), make_cuda_kernels(queue));
  const Samples samples(c, 3, 2), other(c, 5, 4);
  const auto parameters = lively_parameters<float>(network.layout(), 2), others = lively_parameters<float>(network.layout(), 4);
  const Result first = run(network, parameters, samples);
  expect_close(c, first, parameters, samples);
  run(network, others, other);
  const Result again = run(network, parameters, samples);
  EXPECT_EQ(again.loss, first.loss) << "after another batch";
  EXPECT_TRUE(compare_bits(again.gradient, first.gradient).ok && compare_bits(again.losses, first.losses).ok);
}

// Three samples, two at a time: the second part is added to the first.
TEST(NetworkCudaParts, ABatchMayBeCutUp) {
  NEEDS_DEVICE();
  for (const Case& c : {Case{"mlp", Norm::none, {4, 4, 1}}, Case{"lenet", Norm::group, {12, 12, 1}}}) {
    device::Queue queue;
    Network network(architecture_of(c), transform_of(c), make_cuda_kernels(queue));
    const Samples samples(c, 3, 6);
    const auto parameters = lively_parameters<float>(network.layout(), 6);
    const Result whole = run(network, parameters, samples);
    network.set_micro_batch(2);
    const Result cut = run(network, parameters, samples);
    EXPECT_LE(distance(cut.gradient, whole.gradient), 1e-5 * length(whole.gradient)) << describe(c);
    EXPECT_NEAR(cut.loss, whole.loss, 1e-6 * std::fabs(whole.loss)) << describe(c);
    EXPECT_NEAR(cut.evaluation.loss_sum, whole.evaluation.loss_sum, 1e-6 * whole.evaluation.loss_sum) << describe(c);
    EXPECT_EQ(cut.evaluation.correct, whole.evaluation.correct);
  }
}

TEST(NetworkCudaParts, SeveralGradientsMayBeUnderWay) {
  NEEDS_DEVICE();
  const Case c{"logistic", Norm::none, {4, 4, 3}};
  device::Queue queue;
  Network network(architecture_of(c), transform_of(c), make_cuda_kernels(queue));
  const auto parameters = lively_parameters<float>(network.layout(), 7);
  Buffer<float> x(network.memory(), std::ssize(parameters)), gradient(network.memory(), std::ssize(parameters));
  network.memory().upload(x.data(), parameters.data(), std::ssize(parameters) * static_cast<int64_t>(sizeof(float)));
  std::vector<double> losses(20, -1), want;
  for (uint32_t i = 0; i < 20; ++i) {
    Samples samples(c, 2 + i % 3, 100 + i);
    want.push_back(network.loss_and_gradient(x.data(), samples.n, samples.images.data(), samples.labels.data(), nullptr, gradient.data(), nullptr));
  }
  for (uint32_t i = 0; i < 20; ++i) {
    Samples samples(c, 2 + i % 3, 100 + i);
    network.enqueue_gradient(x.data(), {samples.n, samples.images.data(), samples.labels.data(), nullptr}, gradient.data(), losses[i]);
    samples.images.assign(samples.images.size(), 0);  // the caller may change them at once
    samples.labels.assign(samples.labels.size(), 0);
  }
  network.settle();
  EXPECT_EQ(losses, want);
}

TEST(NetworkCudaParts, ALabelThatIsNoClassIsRefusedBeforeItGoesUp) {
  NEEDS_DEVICE();
  const Case c{"logistic", Norm::none, {4, 4, 1}};
  device::Queue queue;
  Network network(architecture_of(c), transform_of(c), make_cuda_kernels(queue));
  Samples samples(c, 2, 8);
  samples.labels[1] = 10;
  EXPECT_THROW(run(network, lively_parameters<float>(network.layout(), 8), samples), Error);
}

}  // namespace
}  // namespace skewbench::train
