// What a row derives from samples, and what the comparison with the reference lets pass.
#include "bench/kernels/row.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "bench/kernels/arena.h"

namespace skewbench::bench_kernels {
namespace {

TEST(Row, Percentiles) {
  std::vector<double> samples(100);
  std::iota(samples.rbegin(), samples.rend(), 1.0);
  const Spread spread = summarise(samples);
  EXPECT_EQ(spread.minimum, 1);
  EXPECT_EQ(spread.p50, 50);
  EXPECT_EQ(spread.p95, 95);
  EXPECT_NEAR(spread.mean, 50.5, 1e-9);
  EXPECT_NEAR(spread.cv, std::sqrt(101 * 100 / 12.0) / 50.5, 1e-9);
  EXPECT_EQ(summarise({2.0}).p95, 2);
  EXPECT_EQ(summarise({2.0}).cv, 0);
}

TEST(Row, TheRooflineIsTheLargerBound) {
  Row row;
  row.seconds.p50 = 2;
  row.flops = 4e9;
  row.least_bytes_read = 500'000'000, row.least_bytes_written = 500'000'000;
  derive_rates(row, {.bytes_per_second = 1e9, .flops_per_second = 8e9, .tensor_flops_per_second = 16e9}, false);
  EXPECT_EQ(row.bound, "memory");
  EXPECT_NEAR(row.roofline, 0.5, 1e-12);
  EXPECT_NEAR(row.gbps, 0.5, 1e-12);
  EXPECT_NEAR(row.gflops, 2, 1e-12);
  row.flops = 16e9;
  derive_rates(row, {.bytes_per_second = 1e9, .flops_per_second = 8e9, .tensor_flops_per_second = 16e9}, false);
  EXPECT_EQ(row.bound, "compute");
  EXPECT_NEAR(row.roofline, 1, 1e-12);
  derive_rates(row, {.bytes_per_second = 1e9, .flops_per_second = 8e9, .tensor_flops_per_second = 64e9}, true);
  EXPECT_EQ(row.bound, "memory");
}

std::vector<std::byte> bytes_of(const std::vector<float>& values) {
  const auto* const begin = reinterpret_cast<const std::byte*>(values.data());
  return {begin, begin + 4 * values.size()};
}

TEST(Check, WhatIsNotTheReferencesIsNamed) {
  Array array{.name = "y", .bytes = 12, .is_written = true, .tolerance = 1e-6, .want = bytes_of({1, 2, 3})};
  EXPECT_EQ(compare_array(array, bytes_of({1, 2, 3}), 1e-6), "");
  EXPECT_EQ(compare_array(array, bytes_of({1, 2, 3.000001f}), 1e-6), "");
  EXPECT_NE(compare_array(array, bytes_of({1, 2, 3.0001f}), 1e-6), "");
  EXPECT_EQ(compare_array(array, bytes_of({1, 2, 3.0001f}), 1e-4), "");
  EXPECT_NE(compare_array(array, bytes_of({1, std::numeric_limits<float>::quiet_NaN(), 3}), 1e9), "");
  array.is_exact = true;
  EXPECT_EQ(compare_array(array, bytes_of({1, 2, 3}), 1e-6), "");
  EXPECT_NE(compare_array(array, bytes_of({1, 2, 3.000001f}), 1e-6), "");
}

// y = 2 x in place of y = x, or x itself spoilt.
TEST(Check, AnArenaKnowsWhatItsContestantDid) {
  Contest contest;
  const int x = contest.input("x", 40), y = contest.output("y", 40, 1e-6);
  contest.normals(x, 1);
  std::copy_n(contest.before(x).data(), 10, contest.want(y).data());
  double factor = 1;
  contest.on_host("own", "copy", [&](const Addresses& at) {
    for (int i = 0; i < 10; ++i) at.at(y)[i] = static_cast<float>(factor * at.at(x)[i]);
  });
  const Contestant& contestant = contest.contestants[0];
  Arena arena(contest, contestant, 2, nullptr);
  EXPECT_NE(arena.check(), "") << "nobody has run";
  contestant.run(arena.addresses(0), nullptr);
  EXPECT_EQ(arena.check(), "");
  arena.reset();
  EXPECT_NE(arena.check(), "");
  factor = 2;
  contestant.run(arena.addresses(0), nullptr);
  EXPECT_NE(arena.check(), "");
  contest.contestants[0].least_tolerance = 1;
  EXPECT_EQ(arena.check(), "") << "its own tolerance is wider";
  contest.contestants[0].least_tolerance = 1e-9;
  EXPECT_NE(arena.check(), "");
  factor = 1;
  contestant.run(arena.addresses(0), nullptr);
  arena.addresses(0).at(x)[3] = 0;
  EXPECT_EQ(arena.check(), "x is an input and was overwritten");
}

TEST(Check, ColdCopiesExceedTheCacheTwiceAndAreEqual) {
  Contest contest;
  const int x = contest.input("x", 40), y = contest.output("y", 300, 1e-6);
  contest.normals(x, 1);
  const int copies = cold_copies(contest, 1 << 20);
  EXPECT_EQ(copies, (2 << 20) / (256 + 512) + 1);
  EXPECT_EQ(cold_copies(contest, 0), 2);
  contest.on_host("own", "", [](const Addresses&) {});
  const Arena arena(contest, contest.contestants[0], copies, nullptr);
  ASSERT_EQ(arena.copies(), copies);
  for (const int copy : {0, 1, 2, 1000, copies - 1}) {
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(arena.addresses(copy).at(x)[i], contest.before(x)[i]) << copy;
    for (int i = 0; i < 75; ++i) EXPECT_TRUE(std::isnan(arena.addresses(copy).at(y)[i])) << copy;
  }
  EXPECT_EQ(reinterpret_cast<std::byte*>(arena.addresses(1).at(x)) - reinterpret_cast<std::byte*>(arena.addresses(0).at(x)), 256 + 512);
}

}  // namespace
}  // namespace skewbench::bench_kernels
