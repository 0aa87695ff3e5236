// Every CUDA version against the reference in double, on the same numbers: rows and channels of every awkward number, with ReLU and
// residual, means that dwarf the spread, outputs over inputs.
#include "kernels/batch_norm/batch_norm_cuda.h"

#include <algorithm>

#include "kernels/base/device_arrays.h"
#include "kernels/batch_norm/batch_norm_cuda_cases.h"

namespace skewbench::batch_norm {
namespace {

using namespace cases;
using test_arrays::DeviceArray;
using test_arrays::ExactInput;
using test_arrays::FewBlocks;
using test_arrays::run_version;
using test_arrays::same_bits;
using test_arrays::version_name;
using test_arrays::within;

template <class Arguments>
using Version = device::Version<Arguments>;

// --- forward, training ---------------------------------------------------------------------------------------------

class BatchNormCudaForwardTraining : public ::testing::TestWithParam<Version<ForwardTraining>> {};
INSTANTIATE_TEST_SUITE_P(Versions, BatchNormCudaForwardTraining, ::testing::ValuesIn(forward_training_versions()), version_name);

struct TrainingOnDevice {
  TrainingOnDevice(const Case& at, const Expected& e)
      : x(e.x), gamma(e.gamma), beta(e.beta), residual(e.residual), y(e.size), mean(at.c), variance(at.c),
        arguments{at.problem(), at.rows, x.data(), gamma.data(), beta.data(), at.add ? residual.data() : nullptr,
                  y.data(),     mean.data(), variance.data()} {}
  bool intact() const {
    return x.intact() && gamma.intact() && beta.intact() && residual.intact() && y.intact() && mean.intact() && variance.intact();
  }
  DeviceArray<float> x;
  ExactInput<float> gamma, beta;
  DeviceArray<float> residual, y, mean, variance;
  ForwardTraining arguments;
};

bool expect_training(const Version<ForwardTraining>& version, const Case& at) {
  SCOPED_TRACE(at.text());
  const Expected e(at, false);
  const Magnitudes magnitudes(at, e);
  TrainingOnDevice on(at, e);
  if (!version.why_not(on.arguments).empty()) return false;
  run_version(version, "batch_norm forward training", on.arguments);
  EXPECT_TRUE(on.intact());
  EXPECT_TRUE(within(on.y.download(), to_float(e.y), magnitudes.y, 8));
  // The mean is rounded to float, and off by some roundings of the spread; the variance by those of the squares' sum.
  EXPECT_TRUE(compare(on.mean.download(), to_float(e.mean), 8 * kEpsilon * at.spread, kEpsilon).ok);
  EXPECT_TRUE(compare(on.variance.download(), to_float(e.variance), 0, 16 * kEpsilon).ok);
  return true;
}

TEST_P(BatchNormCudaForwardTraining, AgainstReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Case& at : all_cases()) taken += expect_training(GetParam(), at);
  EXPECT_GE(taken, 25);
}

TEST_P(BatchNormCudaForwardTraining, AConstantGivesTheShift) {
  NEEDS_DEVICE();
  const Case at{200, 20};
  Expected e(at, false);
  e.x.assign(e.x.size(), 12345.678f);
  TrainingOnDevice on(at, e);
  run_version(GetParam(), "batch_norm forward training", on.arguments);
  const auto y = on.y.download(), mean = on.mean.download(), variance = on.variance.download();
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], e.beta[i % 20]) << i;
  for (std::size_t c = 0; c < 20; ++c) EXPECT_TRUE(mean[c] == 12345.678f && variance[c] == 0) << c;
}

TEST_P(BatchNormCudaForwardTraining, AnOutlierInTheFirstRowDoesNoHarm) {
  NEEDS_DEVICE();
  const Case at{3000, 4};  // the first row is what a channel's moments are relative to
  Expected e(at, false);
  e.x[0] = 1e4f, e.x[1] = -1e4f;
  e.compute(at);
  TrainingOnDevice on(at, e);
  run_version(GetParam(), "batch_norm forward training", on.arguments);
  // It is 55 standard deviations from the mean: differences from it carry 55 roundings.
  EXPECT_TRUE(compare(on.y.download(), to_float(e.y), 55 * kEpsilon, 4 * kEpsilon).ok);
  EXPECT_TRUE(compare(on.variance.download(), to_float(e.variance), 0, 55 * kEpsilon).ok);
}

TEST_P(BatchNormCudaForwardTraining, NanStaysInItsChannelAndPassesTheRelu) {
  NEEDS_DEVICE();
  const Case at{67, 16, true};
  Expected e(at, false);
  e.x[16 * 40 + 5] = std::nanf("");
  TrainingOnDevice on(at, e);
  run_version(GetParam(), "batch_norm forward training", on.arguments);
  const auto y = on.y.download(), variance = on.variance.download();
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(std::isnan(y[i]), i % 16 == 5) << i;
  EXPECT_TRUE(std::isnan(variance[5]) && !std::isnan(variance[4]));
}

template <class Forward>
void expect_in_place(const Version<Forward>& version, Forward over_x, Forward over_residual, const DeviceArray<float>& x,
                     DeviceArray<float>& residual, const std::vector<float>& y) {
  run_version(version, "batch_norm forward", over_x);
  EXPECT_TRUE(same_bits(x.download(), y));
  over_residual.y = residual.data();
  if (version.number < 5) {
    EXPECT_EQ(version.why_not(over_residual), "y is the residual, which this version overwrites before it is added");
    return;
  }
  run_version(version, "batch_norm forward", over_residual);
  EXPECT_TRUE(same_bits(residual.download(), y));
}

TEST_P(BatchNormCudaForwardTraining, YMayBeXOrTheResidual) {
  NEEDS_DEVICE();
  const Case at{600, 12, true, true};
  const Expected e(at, false);
  TrainingOnDevice apart(at, e), over_x(at, e), over_residual(at, e);
  run_version(GetParam(), "batch_norm forward training", apart.arguments);
  over_x.arguments.y = over_x.x.data();
  expect_in_place(GetParam(), over_x.arguments, over_residual.arguments, over_x.x, over_residual.residual, apart.y.download());
  EXPECT_TRUE(same_bits(over_x.mean.download(), apart.mean.download()));
}

TEST_P(BatchNormCudaForwardTraining, SameInputSameBits) {
  NEEDS_DEVICE();
  const Case at{1000, 20, true, true};
  const Expected e(at, false);
  TrainingOnDevice a(at, e), b(at, e);
  run_version(GetParam(), "batch_norm forward training", a.arguments);
  run_version(GetParam(), "batch_norm forward training", b.arguments);
  EXPECT_TRUE(same_bits(a.y.download(), b.y.download()));
}

// --- forward, inference --------------------------------------------------------------------------------------------

class BatchNormCudaForwardInference : public ::testing::TestWithParam<Version<ForwardInference>> {};
INSTANTIATE_TEST_SUITE_P(Versions, BatchNormCudaForwardInference, ::testing::ValuesIn(forward_inference_versions()), version_name);

struct InferenceOnDevice {
  InferenceOnDevice(const Case& at, const Expected& e)
      : x(e.x), mean(e.given_mean), variance(e.given_variance), gamma(e.gamma), beta(e.beta), residual(e.residual), y(e.size),
        arguments{at.problem(), at.rows,      x.data(),    mean.data(), variance.data(), gamma.data(),
                  beta.data(),  at.add ? residual.data() : nullptr, y.data()} {}
  bool intact() const {
    return x.intact() && mean.intact() && variance.intact() && gamma.intact() && beta.intact() && residual.intact() && y.intact();
  }
  DeviceArray<float> x;
  ExactInput<float> mean, variance, gamma, beta;
  DeviceArray<float> residual, y;
  ForwardInference arguments;
};

bool expect_inference(const Version<ForwardInference>& version, const Case& at) {
  SCOPED_TRACE(at.text());
  const Expected e(at, true);
  const Magnitudes magnitudes(at, e);
  InferenceOnDevice on(at, e);
  if (!version.why_not(on.arguments).empty()) return false;
  run_version(version, "batch_norm forward inference", on.arguments);
  EXPECT_TRUE(on.intact());
  EXPECT_TRUE(within(on.y.download(), to_float(e.y), magnitudes.y, 4));
  return true;
}

TEST_P(BatchNormCudaForwardInference, AgainstReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Case& at : all_cases()) taken += expect_inference(GetParam(), at);
  EXPECT_GE(taken, 25);
}

TEST_P(BatchNormCudaForwardInference, NanPassesTheReluAndStaysAlone) {
  NEEDS_DEVICE();
  const Case at{67, 16, true};
  Expected e(at, true);
  e.x[16 * 40 + 5] = std::nanf("");
  InferenceOnDevice on(at, e);
  run_version(GetParam(), "batch_norm forward inference", on.arguments);
  const auto y = on.y.download();
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(std::isnan(y[i]), i == 16 * 40 + 5) << i;
}

TEST_P(BatchNormCudaForwardInference, YMayBeXOrTheResidual) {
  NEEDS_DEVICE();
  const Case at{600, 12, true, true};
  const Expected e(at, true);
  InferenceOnDevice apart(at, e), over_x(at, e), over_residual(at, e);
  run_version(GetParam(), "batch_norm forward inference", apart.arguments);
  over_x.arguments.y = over_x.x.data();
  expect_in_place(GetParam(), over_x.arguments, over_residual.arguments, over_x.x, over_residual.residual, apart.y.download());
}

// --- backward ------------------------------------------------------------------------------------------------------

class BatchNormCudaBackwardTraining : public ::testing::TestWithParam<Version<Backward>> {};
class BatchNormCudaBackwardFrozen : public ::testing::TestWithParam<Version<Backward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, BatchNormCudaBackwardTraining, ::testing::ValuesIn(backward_training_versions()), version_name);
INSTANTIATE_TEST_SUITE_P(Versions, BatchNormCudaBackwardFrozen, ::testing::ValuesIn(backward_frozen_versions()), version_name);

struct BackwardOnDevice {
  BackwardOnDevice(const Case& at, const Expected& e)
      : x(e.x), y(e.given_y), dy(e.dy), mean(e.given_mean), variance(e.given_variance), gamma(e.gamma), dx(e.size), dresidual(e.size),
        dgamma(at.c), dbeta(at.c),
        arguments{at.problem(),    at.rows,      x.data(),  y.data(),       dy.data(),    mean.data(), variance.data(), gamma.data(),
                  dx.data(), at.add ? dresidual.data() : nullptr, dgamma.data(), dbeta.data(), at.accumulate} {
    if (!at.accumulate) return;
    device::copy_to_device(dgamma.data(), e.old_dgamma.data(), 4 * at.c, nullptr);
    device::copy_to_device(dbeta.data(), e.old_dbeta.data(), 4 * at.c, nullptr);
  }
  bool intact() const {
    return x.intact() && y.intact() && dy.intact() && mean.intact() && variance.intact() && gamma.intact() && dx.intact() &&
           dresidual.intact() && dgamma.intact() && dbeta.intact();
  }
  DeviceArray<float> x, y, dy;
  ExactInput<float> mean, variance, gamma;
  DeviceArray<float> dx, dresidual, dgamma, dbeta;
  Backward arguments;
};

bool is_untouched(const DeviceArray<float>& output) {
  const auto values = output.download();
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isnan(value); });
}

bool expect_backward(const Version<Backward>& version, const Case& at, bool is_frozen) {
  SCOPED_TRACE(at.text());
  const Expected e(at, is_frozen);
  const Magnitudes magnitudes(at, e);
  BackwardOnDevice on(at, e);
  if (!version.why_not(on.arguments).empty()) return false;
  run_version(version, "batch_norm backward", on.arguments);
  EXPECT_TRUE(on.intact());
  EXPECT_TRUE(within(on.dx.download(), to_float(e.dx), magnitudes.dx, 8));
  EXPECT_TRUE(within(on.dgamma.download(), to_float(e.dgamma), magnitudes.dgamma, 4));
  EXPECT_TRUE(within(on.dbeta.download(), to_float(e.dbeta), magnitudes.dbeta, 2));
  if (at.add) EXPECT_TRUE(test_arrays::same_numbers(on.dresidual.download(), e.dresidual));
  else EXPECT_TRUE(is_untouched(on.dresidual));
  return true;
}

void expect_all_backward(const Version<Backward>& version, bool is_frozen) {
  int taken = 0;
  for (const Case& at : all_cases()) taken += expect_backward(version, at, is_frozen);
  EXPECT_GE(taken, 25);
}
TEST_P(BatchNormCudaBackwardTraining, AgainstReference) {
  NEEDS_DEVICE();
  expect_all_backward(GetParam(), false);
}
TEST_P(BatchNormCudaBackwardFrozen, AgainstReference) {
  NEEDS_DEVICE();
  expect_all_backward(GetParam(), true);
}

void expect_exact_sums(const Version<Backward>& version, bool is_frozen) {
  const Case at{1234, 20, true, false, true};
  Expected e(at, is_frozen);
  e.dy = test_arrays::small_integers<float>(e.size, 9, 1);
  e.old_dbeta = test_arrays::small_integers<float>(at.c, 9, 2);
  e.compute(at);
  BackwardOnDevice on(at, e), again(at, e);
  run_version(version, "batch_norm backward", on.arguments);
  EXPECT_TRUE(test_arrays::same_numbers(on.dbeta.download(), to_float(e.dbeta)));
  run_version(version, "batch_norm backward", again.arguments);
  EXPECT_TRUE(same_bits(on.dx.download(), again.dx.download()));
  EXPECT_TRUE(same_bits(on.dgamma.download(), again.dgamma.download()));
}
TEST_P(BatchNormCudaBackwardTraining, SumsOfIntegersAreExactAndRunsAlike) {
  NEEDS_DEVICE();
  expect_exact_sums(GetParam(), false);
}
TEST_P(BatchNormCudaBackwardFrozen, SumsOfIntegersAreExactAndRunsAlike) {
  NEEDS_DEVICE();
  expect_exact_sums(GetParam(), true);
}

void expect_over_dy(const Version<Backward>& version, bool is_frozen) {
  for (const bool relu : {false, true})
    for (const bool add : {false, true}) {
      const Case at{300, 12, relu, add};
      const Expected e(at, is_frozen);
      BackwardOnDevice apart(at, e), over_dx(at, e), over_residual(at, e);
      run_version(version, "batch_norm backward", apart.arguments);
      over_dx.arguments.dx = over_dx.dy.data();
      run_version(version, "batch_norm backward", over_dx.arguments);
      EXPECT_TRUE(same_bits(over_dx.dy.download(), apart.dx.download())) << relu << add;
      EXPECT_TRUE(same_bits(over_dx.dgamma.download(), apart.dgamma.download())) << relu << add;
      if (!add) continue;
      over_residual.arguments.dresidual = over_residual.dy.data();
      run_version(version, "batch_norm backward", over_residual.arguments);
      EXPECT_TRUE(same_bits(over_residual.dx.download(), apart.dx.download())) << relu;
      EXPECT_TRUE(same_bits(over_residual.dy.download(), apart.dresidual.download())) << relu;
    }
}
TEST_P(BatchNormCudaBackwardTraining, DxOrDresidualMayBeDy) {
  NEEDS_DEVICE();
  expect_over_dy(GetParam(), false);
}
TEST_P(BatchNormCudaBackwardFrozen, DxOrDresidualMayBeDy) {
  NEEDS_DEVICE();
  expect_over_dy(GetParam(), true);
}

void expect_nan_stays(const Version<Backward>& version, bool is_frozen) {
  const Case at{67, 16};
  Expected e(at, is_frozen);
  e.dy[16 * 40 + 5] = std::nanf("");
  BackwardOnDevice on(at, e);
  run_version(version, "batch_norm backward", on.arguments);
  const auto dx = on.dx.download(), dgamma = on.dgamma.download(), dbeta = on.dbeta.download();
  for (std::size_t i = 0; i < dx.size(); ++i) ASSERT_EQ(std::isnan(dx[i]), is_frozen ? i == 16 * 40 + 5 : i % 16 == 5) << i;
  for (std::size_t c = 0; c < 16; ++c) EXPECT_TRUE(std::isnan(dgamma[c]) == (c == 5) && std::isnan(dbeta[c]) == (c == 5)) << c;
}
TEST_P(BatchNormCudaBackwardTraining, NanStaysInItsChannel) {
  NEEDS_DEVICE();
  expect_nan_stays(GetParam(), false);
}
TEST_P(BatchNormCudaBackwardFrozen, NanStaysAlone) {
  NEEDS_DEVICE();
  expect_nan_stays(GetParam(), true);
}

// --- loops over the grid, refusals, cuDNN --------------------------------------------------------------------------

TEST(BatchNormCudaPasses, StrideOverMoreElementsThanTheGridHasThreads) {
  NEEDS_DEVICE();
  const FewBlocks few(2);
  for (const Case& at : {Case{1500, 4, true, true}, Case{1500, 4, true, false}, Case{1500, 4, false, true}}) {
    EXPECT_TRUE(expect_training(forward_training_versions()[0], at));
    EXPECT_TRUE(expect_backward(backward_training_versions()[0], at, false));
    // Into an allocation of y alone: what a pass does to a guard behind it, adding nothing to it, would not be seen.
    const Expected e(at, false);
    TrainingOnDevice on(at, e);
    device::Array<float> exact(e.size);
    on.arguments.y = exact.data();
    run_version(forward_training_versions()[0], "batch_norm forward training", on.arguments);
  }
}

// Inputs and outputs that fill their allocations: an access of a column beyond c, or of a row beyond the last, is found.
template <class Arguments, class Run>
void expect_no_access_beyond(device::Versions<Arguments> versions, Run run) {
  for (const Version<Arguments>& version : versions)
    for (const Case& at : {Case{1, 6}, Case{1, 12}, Case{1, 20}, Case{3, 36}, Case{40, 9}, Case{33, 4}}) {
      const Expected e(at, true);
      const ExactInput<float> x(e.x), residual(e.residual), dy(e.dy), y(e.given_y), mean(e.given_mean), variance(e.given_variance),
          gamma(e.gamma), beta(e.beta);
      device::Array<float> out(e.size), other(e.size), first(at.c), second(at.c);
      const Arguments arguments = run(at, x.data(), residual.data(), dy.data(), y.data(), mean.data(), variance.data(), gamma.data(),
                                      beta.data(), out.data(), other.data(), first.data(), second.data());
      if (!version.why_not(arguments).empty()) continue;
      EXPECT_NO_THROW(run_version(version, "batch_norm", arguments)) << version.number << ' ' << at.text();
    }
}

TEST(BatchNormCuda, NothingBeyondTheArraysIsTouched) {
  NEEDS_DEVICE();
  expect_no_access_beyond(forward_training_versions(), [](const Case& at, auto x, auto residual, auto, auto, auto, auto, auto gamma, auto beta,
                                                          auto out, auto, auto first, auto second) {
    return ForwardTraining{{at.c, 1e-5, true}, at.rows, x, gamma, beta, residual, out, first, second};
  });
  expect_no_access_beyond(forward_inference_versions(), [](const Case& at, auto x, auto residual, auto, auto, auto mean, auto variance, auto gamma,
                                                           auto beta, auto out, auto, auto, auto) {
    return ForwardInference{{at.c, 1e-5, true}, at.rows, x, mean, variance, gamma, beta, residual, out};
  });
  const auto backward = [](const Case& at, auto x, auto, auto dy, auto y, auto mean, auto variance, auto gamma, auto, auto out, auto other,
                           auto first, auto second) {
    return Backward{{at.c, 1e-5, true}, at.rows, x, y, dy, mean, variance, gamma, out, other, first, second, false};
  };
  expect_no_access_beyond(backward_training_versions(), backward);
  expect_no_access_beyond(backward_frozen_versions(), backward);
}

TEST(BatchNormCudaRefusals, SayWhatAndWhy) {
  const auto why = [](int version, Problem problem, int64_t rows) {
    const auto at = static_cast<std::size_t>(version - 1);
    const std::string forward = forward_training_versions()[at].why_not({problem, rows, {}, {}, {}, {}, {}, {}, {}});
    const std::string backward = backward_training_versions()[at].why_not({problem, rows, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}});
    return forward == backward ? forward : forward + "|" + backward;
  };
  for (int version = 1; version <= 5; ++version) {
    EXPECT_EQ(why(version, {8}, 10), "");
    EXPECT_EQ(why(version, {0}, 1), "c=0 and rows=1 must be positive");
    EXPECT_EQ(why(version, {8}, 0), "c=8 and rows=0 must be positive");
    EXPECT_EQ(why(version, {8, 0.0}, 1), "eps=0 must be finite and positive");
    EXPECT_EQ(why(version, {8, std::nan("")}, 1), "eps=nan must be finite and positive");
    EXPECT_EQ(why(version, {int64_t{1} << 31}, 1), "2147483648 channels are more than a grid's 2147483647 blocks");
    EXPECT_EQ(why(version, {1 << 20}, int64_t{1} << 40), "1099511627776 rows of 1048576 channels are more than 64 bits can count");
  }
  EXPECT_EQ(why(2, {8}, 65535 * 512), "");
  EXPECT_EQ(why(2, {8}, 65535 * 512 + 1), "33553921 rows are more than 65535 blocks of 512 rows");
  for (const int version : {3, 4, 5}) EXPECT_EQ(why(version, {6}, 10), "6 channels: 16-byte accesses need a multiple of 4");
  EXPECT_EQ(why(4, {8}, 3072), "");
  EXPECT_EQ(why(4, {8}, 3073), "|3073 rows of 4 channels take 98336 bytes of shared memory, more than 98304");
  EXPECT_EQ(why(4, {8}, 6144), "|6144 rows of 4 channels take 196608 bytes of shared memory, more than 98304");
  EXPECT_EQ(why(4, {8}, 6145),
            "6145 rows of 4 channels take 98320 bytes of shared memory, more than 98304|"
            "6145 rows of 4 channels take 196640 bytes of shared memory, more than 98304");
  EXPECT_EQ(forward_inference_versions()[2].why_not({{8}, 1, {}, {}, {}, reinterpret_cast<float*>(20), {}, {}, {}}),
            "the address 0x14 is not a multiple of 16, which 16-byte accesses need");
}

template <class Arguments, class Expect>
void expect_vendor(const Version<Arguments>* vendor, Expect expect) {
  if (!vendor) GTEST_SKIP() << "built without cuDNN";
  Arguments small{};
  small.problem.c = 8, small.rows = 10;
  if (const std::string reason = vendor->why_not(small); !reason.empty()) GTEST_SKIP() << reason;
  for (const Case& at : {Case{1000, 16}, Case{333, 20, true, true, true}, Case{64, 7, true}}) EXPECT_TRUE(expect(*vendor, at));
}

TEST(BatchNormCudnn, ForwardTraining) { expect_vendor(forward_training_vendor(), expect_training); }
TEST(BatchNormCudnn, ForwardInference) { expect_vendor(forward_inference_vendor(), expect_inference); }
TEST(BatchNormCudnn, BackwardTraining) {
  expect_vendor(backward_training_vendor(), [](const auto& version, const Case& at) { return expect_backward(version, at, false); });
}

}  // namespace
}  // namespace skewbench::batch_norm
