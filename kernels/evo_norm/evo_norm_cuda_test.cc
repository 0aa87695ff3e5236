// Every CUDA version against the reference in double, on the same numbers: groups of one, two, four and more channels, pixels around
// a warp and a block, means that dwarf the spread, far tails of the sigmoid, halves of a batch.
#include "kernels/evo_norm/evo_norm_cuda.h"

#include "kernels/base/device_arrays.h"
#include "kernels/evo_norm/evo_norm_cases.h"

namespace skewbench::evo_norm {
namespace {

using namespace cases;
using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::same_bits;
using test_arrays::version_name;
using test_arrays::within;

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

std::vector<Case> all_cases() {
  std::vector<Case> list;
  int i = 0;
  for (const int64_t pixels : {2, 3, 31, 32, 33, 64, 255, 256, 257, 530})
    for (const int64_t k : {1, 2, 4}) list.push_back({{pixels, 8, 8 / k}, 1 + i % 2, 0.5, 2, ++i % 3 == 0});
  for (const Problem& p : {Problem{1, 4, 2}, {1, 8, 2}, {3, 8, 1}, {37, 16, 2}, {9, 64, 2}, {5, 128, 1}, {1, 256, 2}, {65, 4, 4}, {7, 6, 3}, {11, 5, 5}, {40, 12, 4},
                           {300, 3, 1}, {13, 24, 1}, {64, 4, 1}})
    list.push_back({p, 1 + i % 3, 0.5, 2, ++i % 2 == 0});
  list.push_back({{2, 136, 136}, 2, 0.5, 2, true});  // more channels than a block sums over the samples
  list.push_back({{49, 8, 2}, 2, 1e3, 1});
  list.push_back({{49, 8, 8}, 2, -20, 1});
  list.push_back({{49, 8, 4}, 2, 0, 40});
  for (const int64_t groups : {2, 4, 8}) list.push_back({{49, 8, groups}, 1, 1e4, 1, false, -1e4});  // each relative to its own first element
  list.push_back({{64, 8, 2}, 1, 0, 1e-3});  // a variance of the size of eps
  for (int64_t drawn = 0; drawn < test_arrays::drawn_cases(4, 200); ++drawn) {
    test_arrays::Draw draw(drawn);
    const int64_t groups = draw.from(1, 6), k = draw.from(0, 1) ? int64_t{1} << draw.from(0, 5) : draw.from(1, 20);
    list.push_back({{draw.from(2, 100), groups * k, groups}, draw.from(1, 3)});
  }
  return list;
}

// --- forward -------------------------------------------------------------------------------------------------------

class EvoNormCudaForward : public ::testing::TestWithParam<device::Version<Forward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, EvoNormCudaForward, ::testing::ValuesIn(forward_versions()), version_name);

struct ForwardOnDevice {
  ForwardOnDevice(const Case& at, const Expected& e)
      : x(e.x), gamma(e.gamma), beta(e.beta), y(at.size()), mean(at.n * at.problem.groups), rstd(at.n * at.problem.groups),
        arguments{at.problem, at.n, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), rstd.data()} {}
  bool intact() const { return x.intact() && gamma.intact() && beta.intact() && y.intact() && mean.intact() && rstd.intact(); }
  DeviceArray<float> x, gamma, beta, y, mean, rstd;
  Forward arguments;
};

// False where the version does not take the problem.
bool expect_forward(const device::Version<Forward>& version, const Case& at) {
  SCOPED_TRACE(at.text());
  const Expected e(at);
  ForwardOnDevice on(at, e);
  if (!version.why_not(on.arguments).empty()) return false;
  run_version(version, "evo_norm forward", on.arguments);
  EXPECT_TRUE(on.intact());
  EXPECT_TRUE(within(on.y.download(), e.y, e.y_size, kFactor));
  EXPECT_TRUE(compare(on.mean.download(), e.mean, 8 * kEpsilon * at.spread, kEpsilon).ok);
  EXPECT_TRUE(compare(on.rstd.download(), e.rstd, 0, 8 * kEpsilon).ok);
  if (at.n < 3) return true;
  ForwardOnDevice again(at, e);
  run_version(version, "evo_norm forward", again.arguments);
  EXPECT_TRUE(same_bits(on.y.download(), again.y.download()) && same_bits(on.rstd.download(), again.rstd.download()));
  return true;
}

TEST_P(EvoNormCudaForward, AgainstReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Case& at : all_cases()) taken += expect_forward(GetParam(), at);
  EXPECT_GE(taken, 25);
}

TEST_P(EvoNormCudaForward, AnOutlierAsFirstElementDoesNoHarm) {
  NEEDS_DEVICE();
  for (const int64_t groups : {2, 8}) {
    const Case at{{100, 8, groups}};  // the first element of a group is what its moments are relative to
    Expected e(at);
    e.x[0] = 1e4f;
    e.compute(at);
    ForwardOnDevice on(at, e);
    run_version(GetParam(), "evo_norm forward", on.arguments);
    // A group has up to 400 elements, so the first is 20 standard deviations from the mean: differences from it carry 20 roundings.
    EXPECT_TRUE(compare(on.rstd.download(), e.rstd, 0, 20 * kEpsilon).ok);
    EXPECT_TRUE(within(on.y.download(), e.y, e.y_size, 20));
  }
}

TEST_P(EvoNormCudaForward, NanStaysInItsGroupAndTheSigmoidEnds) {
  NEEDS_DEVICE();
  const Case at{{49, 32, 2}};
  Expected e(at);
  e.x[100] = std::nanf("");  // channel 4: group 0
  e.x[31] = -300;            // e^300 is infinite: the sigmoid is 0
  ForwardOnDevice on(at, e);
  run_version(GetParam(), "evo_norm forward", on.arguments);
  const auto y = on.y.download(), rstd = on.rstd.download();
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(std::isnan(y[i]), i % 32 < 16) << i;
  EXPECT_TRUE(std::isnan(rstd[0]) && !std::isnan(rstd[1]));
  EXPECT_EQ(y[31], e.beta[31]);
}

// --- backward ------------------------------------------------------------------------------------------------------

class EvoNormCudaBackward : public ::testing::TestWithParam<device::Version<Backward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, EvoNormCudaBackward, ::testing::ValuesIn(backward_versions()), version_name);

struct BackwardOnDevice {
  BackwardOnDevice(const Case& at, const Expected& e)
      : x(e.x), dy(e.dy), gamma(e.gamma), mean(e.mean), rstd(e.rstd), dx(at.size()), dgamma(at.problem.c), dbeta(at.problem.c),
        arguments{at.problem,  at.n,      x.data(),      dy.data(),    gamma.data(), mean.data(),
                  rstd.data(), dx.data(), dgamma.data(), dbeta.data(), at.accumulate} {
    if (!at.accumulate) return;
    device::copy_to_device(dgamma.data(), e.old_dgamma.data(), 4 * dgamma.size(), nullptr);
    device::copy_to_device(dbeta.data(), e.old_dbeta.data(), 4 * dbeta.size(), nullptr);
  }
  bool intact() const {
    return x.intact() && dy.intact() && gamma.intact() && mean.intact() && rstd.intact() && dx.intact() && dgamma.intact() && dbeta.intact();
  }
  DeviceArray<float> x, dy, gamma, mean, rstd, dx, dgamma, dbeta;
  Backward arguments;
};

bool expect_backward(const device::Version<Backward>& version, const Case& at) {
  SCOPED_TRACE(at.text());
  const Expected e(at);
  BackwardOnDevice on(at, e);
  if (!version.why_not(on.arguments).empty()) return false;
  run_version(version, "evo_norm backward", on.arguments);
  EXPECT_TRUE(on.intact());
  EXPECT_TRUE(within(on.dx.download(), e.dx, e.dx_size, kFactor));
  EXPECT_TRUE(within(on.dgamma.download(), e.dgamma, e.dgamma_size, kFactor));
  EXPECT_TRUE(within(on.dbeta.download(), e.dbeta, e.dbeta_size, kFactor));
  if (at.n < 3) return true;
  BackwardOnDevice again(at, e);
  run_version(version, "evo_norm backward", again.arguments);
  EXPECT_TRUE(same_bits(on.dx.download(), again.dx.download()) && same_bits(on.dgamma.download(), again.dgamma.download()));
  return true;
}

TEST_P(EvoNormCudaBackward, AgainstReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Case& at : all_cases()) taken += expect_backward(GetParam(), at);
  EXPECT_GE(taken, 25);
}

TEST_P(EvoNormCudaBackward, HalvesOfABatchAreTheWholeAndDxMayBeDy) {
  NEEDS_DEVICE();
  const Case at{{21, 16, 4}, 4};
  const Expected e(at);
  BackwardOnDevice whole(at, e), halves(at, e);
  run_version(GetParam(), "evo_norm backward", whole.arguments);
  for (const int64_t first : {0, 2}) {
    Backward half = halves.arguments;
    const int64_t from = first * 21 * 16, of_groups = first * 4;
    half.n = 2;
    half.x += from, half.mean += of_groups, half.rstd += of_groups, half.dy += from;
    half.dx = halves.dy.data() + from;
    half.accumulate = first > 0;
    run_version(GetParam(), "evo_norm backward", half);
  }
  EXPECT_TRUE(same_bits(halves.dy.download(), whole.dx.download()));
  EXPECT_TRUE(same_bits(halves.dgamma.download(), whole.dgamma.download()));
  EXPECT_TRUE(same_bits(halves.dbeta.download(), whole.dbeta.download()));
}

TEST_P(EvoNormCudaBackward, WhatIsNotWantedIsNotWritten) {
  NEEDS_DEVICE();
  const Case at{{35, 16, 4}, 2};
  const Expected e(at);
  BackwardOnDevice apart(at, e), less(at, e);
  run_version(GetParam(), "evo_norm backward", apart.arguments);
  less.arguments.dgamma = less.arguments.dbeta = nullptr;
  EXPECT_EQ(GetParam().workspace_bytes(less.arguments), 0);
  run_version(GetParam(), "evo_norm backward", less.arguments);
  EXPECT_TRUE(same_bits(less.dx.download(), apart.dx.download()));
  for (const float value : less.dgamma.download()) EXPECT_TRUE(std::isnan(value));
}

// --- limits and refusals -------------------------------------------------------------------------------------------

TEST(EvoNormCuda, TheLargestSlabThatFitsIntoSharedMemory) {
  NEEDS_DEVICE();
  EXPECT_TRUE(expect_forward(forward_versions()[2], {{5632, 4, 4}}));
  EXPECT_TRUE(expect_backward(backward_versions()[2], {{2816, 4, 4}}));
}

TEST(EvoNormCuda, Refusals) {
  NEEDS_DEVICE();
  const auto forward = [](std::size_t version, const Problem& p, int64_t n, uintptr_t x = 0) {
    return forward_versions()[version].why_not({p, n, reinterpret_cast<const float*>(x), nullptr, nullptr, nullptr, nullptr, nullptr});
  };
  const auto backward = [](std::size_t version, const Problem& p, uintptr_t dgamma = 0) {
    return backward_versions()[version].why_not({p, 1, {}, {}, {}, {}, {}, {}, reinterpret_cast<float*>(dgamma), nullptr, false});
  };
  for (std::size_t version = 0; version < 3; ++version) {
    EXPECT_EQ(forward(version, {4, 8, 2}, 1), "");
    EXPECT_EQ(forward(version, {4, 8, 3}, 1), "EvoNorm: 8 channels are not divisible by 3 groups");
    EXPECT_EQ(forward(version, {4, 8, 2}, 0), "batch size 0: it must be positive");
    EXPECT_EQ(forward(version, {1 << 20, 1 << 20, 2}, int64_t{1} << 30), "1073741824 samples of 1048576 pixels and 1048576 channels: more than 64 bits can count");
    EXPECT_EQ(forward(version, {1 << 30, 4, 2}, 1), "groups of 2147483648 elements: there may be 1073741824");
    EXPECT_EQ(forward(version, {4, 8, 2}, int64_t{1} << 30), "1073741824 samples of 2 groups: too many for a grid");
    EXPECT_EQ(backward(version, {4, 8, 2}, 16), "dgamma and dbeta are wanted both or neither");
  }
  for (std::size_t version = 1; version < 3; ++version) {
    EXPECT_EQ(forward(version, {4, 6, 6}, 1), "6 channels are not a multiple of 4");
    EXPECT_EQ(forward(version, {4, 12, 4}, 1), "3 channels a group: it takes powers of two up to 128");
    EXPECT_EQ(forward(version, {4, 256, 1}, 1), "256 channels a group: it takes powers of two up to 128");
    EXPECT_EQ(forward(version, {4, 8, 2}, 1, 20), "the address 0x14 is not a multiple of 16, which 16-byte accesses need");
  }
  EXPECT_EQ(forward(2, {5633, 4, 4}, 1), "5633 pixels of 4 channels take 90128 bytes of shared memory, more than 90112");
  EXPECT_EQ(backward(2, {2817, 8, 2}), "2817 pixels of 4 channels take 90144 bytes of shared memory, more than 90112");
}

}  // namespace
}  // namespace skewbench::evo_norm
