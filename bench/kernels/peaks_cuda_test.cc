// The kernels that benchmarks launch beside the contestants do what their rates claim, and a device's clock runs.
#include "bench/kernels/peaks.h"

#include <cmath>

#include "bench/kernels/heat.h"
#include "bench/kernels/operations.h"
#include "kernels/base/device_arrays.h"

namespace skewbench::bench_kernels {
namespace {

using test_arrays::DeviceArray;

TEST(PeaksCuda, TheTriadReadsAndWritesEveryElement) {
  NEEDS_DEVICE();
  for (const int64_t count : {4, 1024, 4100}) {
    const auto x = test_arrays::small_integers<float>(count, 100, 0), y = test_arrays::small_integers<float>(count, 100, 1);
    const DeviceArray<float> a(x), b(y);
    DeviceArray<float> out(count);
    launch_triad(a.data(), b.data(), out.data(), count, nullptr);
    const auto got = out.download();
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], x[i] + 3 * y[i]) << i << " of " << count;
  }
}

TEST(PeaksCuda, EveryFusedMultiplyAddIsDone) {
  NEEDS_DEVICE();
  constexpr int kBlocks = 2, kThreads = 256, kRounds = 16, kChains = 8;
  DeviceArray<float> out(kBlocks * kThreads);
  EXPECT_EQ(launch_fma(out.data(), kBlocks, kRounds, nullptr), 2.0 * kChains * kRounds * kThreads * kBlocks);
  const auto got = out.download();
  for (std::size_t i = 0; i < got.size(); ++i) {
    float want = 0;
    for (int chain = 0; chain < kChains; ++chain) {
      auto value = static_cast<float>(i % kThreads + static_cast<std::size_t>(chain));
      for (int round = 0; round < kRounds; ++round) value = std::fma(value, 0.999f, 0.001f);
      want += value;
    }
    ASSERT_EQ(got[i], want) << i;
  }
}

// A thread's factors are 1 + lane / 1024 in all places of the left matrix and 1/2 in the right one: an element is half of the sum of
// its row of the left one, which the four lanes of a group hold, two columns each.
TEST(PeaksCuda, EveryTensorProductIsDone) {
  NEEDS_DEVICE();
  constexpr int kBlocks = 2, kThreads = 256, kRounds = 3, kProducts = 4, kElements = 4;
  DeviceArray<float> out(kBlocks * kThreads);
  EXPECT_EQ(launch_tensor(out.data(), kBlocks, kRounds, nullptr), 2.0 * 16 * 8 * 8 * kProducts * kRounds * (kThreads / 32) * kBlocks);
  const auto got = out.download();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::size_t thread = i % kThreads, first = thread / 4 * 4;
    double row = 0;
    for (std::size_t lane = first; lane < first + 4; ++lane) row += 2 * (1 + static_cast<double>(lane) / 1024);
    ASSERT_FLOAT_EQ(got[i], static_cast<float>(kProducts * kElements * kRounds * row / 2)) << i;
  }
}

TEST(PeaksCuda, HoldingTakesEveryRound) {
  NEEDS_DEVICE();
  for (const int64_t rounds : {0, 1, 1000}) {
    DeviceArray<uint32_t> out(1);
    launch_hold(out.data(), rounds, nullptr);
    uint32_t want = 1;
    for (int64_t i = 0; i < rounds; ++i) want = want * 1664525u + 1013904223u;
    EXPECT_EQ(out.download()[0], want) << rounds;
  }
}

// On the CPU the seconds mean nothing; that calls are made, in turns through the copies, and their results right does.
TEST(PeaksCuda, WhatIsTimedIsRightBeforeAndAfter) {
  NEEDS_DEVICE();
  for (const Shape& shape : read_shapes("bench/kernels/shapes")) {
    if (shape.name() != "lenet.loss") continue;
    for (Contest& contest : contests_of(shape, 3)) {
      contest.fill(contest);
      for (const Contestant& contestant : contest.contestants) {
        if (contestant.place != Place::device || !contestant.why_not.empty()) continue;
        Heat heat(contest, contestant, /*is_cold=*/false);
        EXPECT_EQ(heat.check(), "") << contest.name() << contestant.name();
        EXPECT_GT(heat.sample(), 0);
        EXPECT_EQ(heat.check(), "");
      }
    }
  }
}

}  // namespace
}  // namespace skewbench::bench_kernels
