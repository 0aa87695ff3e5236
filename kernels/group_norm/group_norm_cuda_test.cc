// Every CUDA version against the reference in double, on the same numbers: groups of every awkward size, all flags, means that dwarf
// the spread, outputs over inputs, halves of a batch.
#include "kernels/group_norm/group_norm_cuda.h"

#include <algorithm>

#include "kernels/base/device_arrays.h"
#include "kernels/group_norm/group_norm_cuda_cases.h"

namespace skewbench::group_norm {
namespace {

using namespace cases;
using test_arrays::DeviceArray;
using test_arrays::FewBlocks;
using test_arrays::run_version;
using test_arrays::same_bits;
using test_arrays::version_name;
using test_arrays::within;

// --- forward -------------------------------------------------------------------------------------------------------

class GroupNormCudaForward : public ::testing::TestWithParam<device::Version<Forward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, GroupNormCudaForward, ::testing::ValuesIn(forward_versions()), version_name);

struct ForwardOnDevice {
  ForwardOnDevice(const Case& at, const Expected& e)
      : x(e.x), gamma(e.gamma), beta(e.beta), residual(e.residual), y(e.size), mean(e.groups), rstd(e.groups),
        arguments{at.problem, at.n, x.data(), gamma.data(), beta.data(), residual.data(), y.data(), mean.data(), rstd.data()} {}
  bool intact() const {
    return x.intact() && gamma.intact() && beta.intact() && residual.intact() && y.intact() && mean.intact() && rstd.intact();
  }
  DeviceArray<float> x, gamma, beta, residual, y, mean, rstd;
  Forward arguments;
};

void expect_forward(const device::Version<Forward>& version, const Case& at, int& taken) {
  SCOPED_TRACE(at.text());
  const Expected e(at);
  const Magnitudes magnitudes(at, e);
  ForwardOnDevice on(at, e);
  if (!version.why_not(on.arguments).empty()) return;
  ++taken;
  run_version(version, "group_norm forward", on.arguments);
  EXPECT_TRUE(on.intact());
  EXPECT_TRUE(within(on.y.download(), to_float(e.y), magnitudes.y, 8));
  // The mean is rounded to float, and off by some roundings of the spread; rstd by those of the squares' sum and of the root.
  EXPECT_TRUE(compare(on.mean.download(), to_float(e.mean), 8 * kEpsilon * at.spread, kEpsilon).ok);
  EXPECT_TRUE(compare(on.rstd.download(), to_float(e.rstd), 0, 8 * kEpsilon).ok);
}

TEST_P(GroupNormCudaForward, AgainstReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Case& at : all_cases()) expect_forward(GetParam(), at, taken);
  EXPECT_GE(taken, 30);
}

TEST_P(GroupNormCudaForward, AConstantGivesTheShift) {
  NEEDS_DEVICE();
  for (const int64_t c : {6, 16}) {
    const Case at{problem(300, c, 2)};
    Expected e(at);
    e.x.assign(e.x.size(), 1234.567f);
    ForwardOnDevice on(at, e);
    if (!GetParam().why_not(on.arguments).empty()) continue;
    run_version(GetParam(), "group_norm forward", on.arguments);
    const auto y = on.y.download(), mean = on.mean.download(), rstd = on.rstd.download();
    for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], e.beta[i % e.beta.size()]) << i;
    for (const float value : mean) EXPECT_EQ(value, 1234.567f);
    for (const float value : rstd) EXPECT_EQ(value, 1 / std::sqrt(1e-5f));
  }
}

TEST_P(GroupNormCudaForward, AnOutlierAsFirstElementDoesNoHarm) {
  NEEDS_DEVICE();
  const Case at{problem(400, 16, 2)};  // the first element of a group is what its moments are relative to
  Expected e(at);
  e.x[0] = 1e4f, e.x[8] = -1e4f;
  e.compute(at);
  ForwardOnDevice on(at, e);
  run_version(GetParam(), "group_norm forward", on.arguments);
  // A group has 3200 elements, so the first is 56 standard deviations from the mean: differences from it carry 56 roundings.
  EXPECT_TRUE(compare(on.y.download(), to_float(e.y), 56 * kEpsilon, 4 * kEpsilon).ok);
  EXPECT_TRUE(compare(on.rstd.download(), to_float(e.rstd), 0, 56 * kEpsilon).ok);
}

TEST_P(GroupNormCudaForward, NanStaysInItsGroupAndPassesTheRelu) {
  NEEDS_DEVICE();
  const Case at{problem(49, 32, 2, 3)};
  Expected e(at);
  e.x[100] = std::nanf("");  // channel 4: group 0
  ForwardOnDevice on(at, e);
  run_version(GetParam(), "group_norm forward", on.arguments);
  const auto y = on.y.download(), rstd = on.rstd.download();
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(std::isnan(y[i]), i % 32 < 16) << i;
  EXPECT_TRUE(std::isnan(rstd[0]) && !std::isnan(rstd[1]));
}

TEST_P(GroupNormCudaForward, YMayBeXOrTheResidual) {
  NEEDS_DEVICE();
  const Case at{problem(49, 32, 2, 7), 2};
  const Expected e(at);
  ForwardOnDevice apart(at, e), over_x(at, e), over_residual(at, e);
  run_version(GetParam(), "group_norm forward", apart.arguments);
  over_x.arguments.y = over_x.x.data();
  run_version(GetParam(), "group_norm forward", over_x.arguments);
  EXPECT_TRUE(same_bits(over_x.x.download(), apart.y.download()));
  EXPECT_TRUE(same_bits(over_x.rstd.download(), apart.rstd.download()));
  over_residual.arguments.y = over_residual.residual.data();
  if (GetParam().number < 5) {
    EXPECT_EQ(GetParam().why_not(over_residual.arguments), "y is the residual, which this version overwrites before it is added");
    over_residual.arguments.problem.add = false;
    EXPECT_EQ(GetParam().why_not(over_residual.arguments), "");
    return;
  }
  run_version(GetParam(), "group_norm forward", over_residual.arguments);
  EXPECT_TRUE(same_bits(over_residual.residual.download(), apart.y.download()));
}

TEST_P(GroupNormCudaForward, SameInputSameBits) {
  NEEDS_DEVICE();
  const Case at{problem(150, 24, 2, 7), 2};
  const Expected e(at);
  ForwardOnDevice a(at, e), b(at, e);
  run_version(GetParam(), "group_norm forward", a.arguments);
  run_version(GetParam(), "group_norm forward", b.arguments);
  EXPECT_TRUE(same_bits(a.y.download(), b.y.download()));
}

// --- backward ------------------------------------------------------------------------------------------------------

class GroupNormCudaBackward : public ::testing::TestWithParam<device::Version<Backward>> {};
INSTANTIATE_TEST_SUITE_P(Versions, GroupNormCudaBackward, ::testing::ValuesIn(backward_versions()), version_name);

struct BackwardOnDevice {
  BackwardOnDevice(const Case& at, const Expected& e)
      : x(e.x), y(e.given_y), dy(e.dy), gamma(e.gamma), mean(e.given_mean), rstd(e.given_rstd), dx(e.size), dresidual(e.size),
        dgamma(at.problem.c), dbeta(at.problem.c),
        arguments{at.problem,  at.n,      x.data(),         y.data(),      dy.data(),    gamma.data(),  mean.data(),
                  rstd.data(), dx.data(), dresidual.data(), dgamma.data(), dbeta.data(), at.accumulate} {
    if (!at.accumulate) return;
    device::copy_to_device(dgamma.data(), e.old_dgamma.data(), 4 * dgamma.size(), nullptr);
    device::copy_to_device(dbeta.data(), e.old_dbeta.data(), 4 * dbeta.size(), nullptr);
  }
  bool intact() const {
    return x.intact() && y.intact() && dy.intact() && gamma.intact() && mean.intact() && rstd.intact() && dx.intact() &&
           dresidual.intact() && dgamma.intact() && dbeta.intact();
  }
  DeviceArray<float> x, y, dy, gamma, mean, rstd, dx, dresidual, dgamma, dbeta;
  Backward arguments;
};

bool is_untouched(const DeviceArray<float>& output) {
  const auto values = output.download();
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isnan(value); });
}

void expect_backward(const device::Version<Backward>& version, const Case& at, int& taken) {
  SCOPED_TRACE(at.text());
  const Expected e(at);
  const Magnitudes magnitudes(at, e);
  BackwardOnDevice on(at, e);
  if (!version.why_not(on.arguments).empty()) return;
  ++taken;
  run_version(version, "group_norm backward", on.arguments);
  EXPECT_TRUE(on.intact());
  EXPECT_TRUE(within(on.dx.download(), to_float(e.dx), magnitudes.dx, 8));
  if (at.problem.add) EXPECT_TRUE(test_arrays::same_numbers(on.dresidual.download(), to_float(e.dresidual)));
  else EXPECT_TRUE(is_untouched(on.dresidual));
  if (at.problem.affine) {
    EXPECT_TRUE(within(on.dgamma.download(), to_float(e.dgamma), magnitudes.dgamma, 4));
    EXPECT_TRUE(within(on.dbeta.download(), to_float(e.dbeta), magnitudes.dbeta, 2));
  } else {
    EXPECT_TRUE(is_untouched(on.dgamma) && is_untouched(on.dbeta));
  }
}

TEST_P(GroupNormCudaBackward, AgainstReference) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Case& at : all_cases()) expect_backward(GetParam(), at, taken);
  EXPECT_GE(taken, 30);
}

TEST_P(GroupNormCudaBackward, SumsOfIntegersAreExact) {
  NEEDS_DEVICE();
  const Case at{problem(123, 24, 2, 3), 3, 0.5, 2, true};
  Expected e(at);
  e.dy = test_arrays::small_integers<float>(e.size, 9, 1);
  e.old_dbeta = test_arrays::small_integers<float>(at.problem.c, 9, 2);
  e.compute(at);
  BackwardOnDevice on(at, e);
  run_version(GetParam(), "group_norm backward", on.arguments);
  EXPECT_TRUE(test_arrays::same_numbers(on.dbeta.download(), to_float(e.dbeta)));
}

TEST_P(GroupNormCudaBackward, HalvesOfABatchGiveTheBitsOfTheWhole) {
  NEEDS_DEVICE();
  const Case at{problem(21, 24, 2), 4};
  const Expected e(at);
  BackwardOnDevice whole(at, e), halves(at, e);
  run_version(GetParam(), "group_norm backward", whole.arguments);
  Backward& half = halves.arguments;
  half.n = 2;
  run_version(GetParam(), "group_norm backward", half);
  half.accumulate = true;
  half.x += e.size / 2, half.dy += e.size / 2, half.dx += e.size / 2, half.mean += e.groups / 2, half.rstd += e.groups / 2;
  run_version(GetParam(), "group_norm backward", half);
  EXPECT_TRUE(same_bits(halves.dgamma.download(), whole.dgamma.download()));
  EXPECT_TRUE(same_bits(halves.dbeta.download(), whole.dbeta.download()));
  EXPECT_TRUE(same_bits(halves.dx.download(), whole.dx.download()));
}

TEST_P(GroupNormCudaBackward, DxOrDresidualMayBeDy) {
  NEEDS_DEVICE();
  for (const int flags : {1, 3, 5, 7}) {
    const Case at{problem(35, 24, 2, flags), 2};
    const Expected e(at);
    BackwardOnDevice apart(at, e), over_dx(at, e), over_residual(at, e);
    run_version(GetParam(), "group_norm backward", apart.arguments);
    over_dx.arguments.dx = over_dx.dy.data();
    run_version(GetParam(), "group_norm backward", over_dx.arguments);
    EXPECT_TRUE(same_bits(over_dx.dy.download(), apart.dx.download())) << flags;
    EXPECT_TRUE(same_bits(over_dx.dgamma.download(), apart.dgamma.download())) << flags;
    if (!at.problem.add) continue;
    EXPECT_TRUE(same_bits(over_dx.dresidual.download(), apart.dresidual.download())) << flags;
    over_residual.arguments.dresidual = over_residual.dy.data();
    run_version(GetParam(), "group_norm backward", over_residual.arguments);
    EXPECT_TRUE(same_bits(over_residual.dx.download(), apart.dx.download())) << flags;
    EXPECT_TRUE(same_bits(over_residual.dy.download(), apart.dresidual.download())) << flags;
  }
}

TEST_P(GroupNormCudaBackward, WhatIsNotWantedIsNotWritten) {
  NEEDS_DEVICE();
  const Case at{problem(35, 24, 2, 7), 2};
  const Expected e(at);
  BackwardOnDevice apart(at, e), less(at, e);
  run_version(GetParam(), "group_norm backward", apart.arguments);
  less.arguments.dresidual = nullptr;
  less.arguments.dgamma = less.arguments.dbeta = nullptr;
  EXPECT_EQ(GetParam().workspace_bytes(less.arguments), 0);
  run_version(GetParam(), "group_norm backward", less.arguments);
  EXPECT_TRUE(same_bits(less.dx.download(), apart.dx.download()));
  EXPECT_TRUE(is_untouched(less.dresidual) && is_untouched(less.dgamma) && is_untouched(less.dbeta));
}

TEST_P(GroupNormCudaBackward, NanStaysInItsGroup) {
  NEEDS_DEVICE();
  const Case at{problem(49, 32, 2, 1)};
  Expected e(at);
  e.dy[100] = std::nanf("");  // channel 4: group 0
  BackwardOnDevice on(at, e);
  run_version(GetParam(), "group_norm backward", on.arguments);
  const auto dx = on.dx.download(), dgamma = on.dgamma.download(), dbeta = on.dbeta.download();
  for (std::size_t i = 0; i < dx.size(); ++i) ASSERT_EQ(std::isnan(dx[i]), i % 32 < 16) << i;
  for (std::size_t c = 0; c < 32; ++c) EXPECT_TRUE(std::isnan(dgamma[c]) == (c == 4) && std::isnan(dbeta[c]) == (c == 4)) << c;
}

TEST_P(GroupNormCudaBackward, SameInputSameBits) {
  NEEDS_DEVICE();
  const Case at{problem(150, 24, 2, 7), 2};
  const Expected e(at);
  BackwardOnDevice a(at, e), b(at, e);
  run_version(GetParam(), "group_norm backward", a.arguments);
  run_version(GetParam(), "group_norm backward", b.arguments);
  EXPECT_TRUE(same_bits(a.dx.download(), b.dx.download()));
  EXPECT_TRUE(same_bits(a.dgamma.download(), b.dgamma.download()));
}

// --- passes of their own, and refusals -----------------------------------------------------------------------------

TEST(GroupNormCudaPasses, StrideOverMoreElementsThanTheGridHasThreads) {
  NEEDS_DEVICE();
  const FewBlocks few(2);
  int taken = 0;
  for (const int flags : {2, 4, 6}) {
    expect_forward(forward_versions()[0], {problem(1500, 4, 1, flags)}, taken);
    expect_backward(backward_versions()[0], {problem(1500, 4, 1, flags)}, taken);
    // Into an allocation of y alone: what a pass does to a guard behind it, adding nothing to it, would not be seen.
    const Case at{problem(1500, 4, 1, flags)};
    const Expected e(at);
    ForwardOnDevice on(at, e);
    device::Array<float> exact(e.size);
    on.arguments.y = exact.data();
    run_version(forward_versions()[0], "group_norm forward", on.arguments);
  }
  EXPECT_EQ(taken, 6);
}

TEST(GroupNormCudaRefusals, SayWhatAndWhy) {
  const auto forward = [](int version, const Problem& p, int64_t n = 2) {
    return forward_versions()[static_cast<std::size_t>(version - 1)].why_not({p, n, {}, {}, {}, {}, {}, {}, {}});
  };
  const auto backward = [](int version, const Problem& p, int64_t n = 2) {
    return backward_versions()[static_cast<std::size_t>(version - 1)].why_not({p, n, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}});
  };
  for (int version = 1; version <= 5; ++version) {
    EXPECT_EQ(forward(version, problem(4, 8, 2)), "");
    EXPECT_EQ(forward(version, problem(0, 8, 2)), "2 samples of 0 pixels, 8 channels, 2 groups: sizes must be positive");
    EXPECT_EQ(forward(version, problem(4, 8, 2), 0), "0 samples of 4 pixels, 8 channels, 2 groups: sizes must be positive");
    EXPECT_EQ(forward(version, problem(4, 8, 3)), "8 channels are not divisible by 3 groups");
    EXPECT_EQ(backward(version, problem(4, 8, 3)), "8 channels are not divisible by 3 groups");
    EXPECT_EQ(forward(version, {.pixels = 4, .c = 8, .groups = 2, .eps = 0}), "eps is 0, it must be positive");
    EXPECT_EQ(forward(version, problem(int64_t{1} << 40, 1 << 20, 2)),
              "2 samples of 1099511627776 pixels and 1048576 channels are more than 64 bits can count");
  }
  for (const int version : {1, 2, 4, 5}) {
    EXPECT_EQ(forward(version, problem(4, 8, 2), 65535), "");
    EXPECT_EQ(forward(version, problem(4, 8, 2), 65536), "65536 samples are more than a grid's 65535 rows of blocks");
    EXPECT_EQ(backward(version, problem(4, 8, 2), 65536), "65536 samples are more than a grid's 65535 rows of blocks");
  }
  EXPECT_EQ(forward(3, problem(4, 8, 2), 65536), "");
  EXPECT_EQ(forward(3, problem(4, 8, 2), int64_t{1} << 31), "2147483648 samples of 2 groups are more than 2147483647 groups in all");
  for (const int version : {3, 4, 5}) {
    const char why[] = "6 channels in 2 groups: 16-byte accesses need a multiple of 4 in each";
    EXPECT_EQ(forward(version, problem(4, 6, 2)), why);
    EXPECT_EQ(backward(version, problem(4, 6, 2)), why);
  }
  for (const int version : {4, 5}) {
    EXPECT_EQ(forward(version, problem(5760, 4, 1)), "");
    EXPECT_EQ(forward(version, problem(5761, 4, 1)), "a group of 5761 pixels and 4 channels takes 92176 bytes of shared memory, more than 92160");
    EXPECT_EQ(backward(version, problem(2880, 4, 1)), "");
    EXPECT_EQ(backward(version, problem(2881, 4, 1)), "a group of 2881 pixels and 4 channels takes 92192 bytes of shared memory, more than 92160");
  }
  EXPECT_EQ(forward_versions()[2].why_not({problem(4, 8, 2), 1, {}, {}, {}, {}, reinterpret_cast<float*>(20), {}, {}}),
            "the address 0x14 is not a multiple of 16, which 16-byte accesses need");
  EXPECT_EQ(backward_versions()[0].why_not({problem(4, 8, 2), 1, {}, {}, {}, {}, {}, {}, {}, {}, reinterpret_cast<float*>(16), {}, {}}),
            "dgamma and dbeta are wanted both or neither");
}

TEST(GroupNormCuda, MoreGroupsThanTheGridThatStaysHasBlocks) {
  NEEDS_DEVICE();
  const FewBlocks few(3);
  int taken = 0;
  for (const Case& at : {Case{problem(1, 20, 5), 2}, Case{problem(50, 40, 5), 3}, Case{problem(9, 132 * 3, 3), 2}}) {
    expect_forward(forward_versions()[2], at, taken);
    expect_backward(backward_versions()[2], at, taken);
  }
  EXPECT_EQ(taken, 6);
}

TEST(GroupNormCuda, TheLargestGroupThatFitsIntoSharedMemory) {
  NEEDS_DEVICE();
  int taken = 0;
  expect_forward(forward_versions()[4], {problem(5760, 4, 1)}, taken);
  expect_backward(backward_versions()[4], {problem(2880, 4, 1)}, taken);
  EXPECT_EQ(taken, 2);
}

}  // namespace
}  // namespace skewbench::group_norm
