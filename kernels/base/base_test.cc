// The base of everything: random numbers against published vectors, the layout table, and the comparator itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/base/aligned.h"
#include "kernels/base/compare.h"
#include "kernels/base/error.h"
#include "kernels/base/layout.h"
#include "kernels/base/names.h"
#include "kernels/base/random.h"

namespace skewbench {
namespace {

using Words = std::array<uint32_t, 4>;

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10 rounds).
TEST(Random, PhiloxKnownAnswers) {
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32_10({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, ElementsHaveTheNumbersOfTheirStream) {
  constexpr uint64_t kSeed = 0x1234567890abcdef;
  Random stream(kSeed, 5, 6, Purpose::codec);
  const Draws all(kSeed, 5, 6, Purpose::codec), behind(kSeed, 5, 6, Purpose::codec, 16);
  for (int64_t i = 0; i < 50; ++i) {
    const uint32_t want = stream.bits();
    EXPECT_EQ(all.of(i), want) << i;
    if (i >= 16) {
      EXPECT_EQ(behind.of(i - 16), want) << i;
    }
  }
  const Draws last(kSeed, 5, 6, Purpose::codec, Draws::kLongest - 4);
  EXPECT_EQ(last.of(3), philox4x32_10({~0u, 7, 5, 6}, {0x90abcdef, 0x12345678})[3]);
}

TEST(Random, StreamsAreKeyedByEveryPartOfTheirName) {
  const auto first = [](uint64_t seed, uint32_t worker, uint32_t step, Purpose purpose) {
    return Random(seed, worker, step, purpose).bits64();
  };
  const uint64_t base = first(1, 2, 3, Purpose::codec);
  EXPECT_EQ(base, first(1, 2, 3, Purpose::codec));
  EXPECT_NE(base, first(2, 2, 3, Purpose::codec));
  EXPECT_NE(base, first(1 + (uint64_t{1} << 32), 2, 3, Purpose::codec));
  EXPECT_NE(base, first(1, 3, 3, Purpose::codec));
  EXPECT_NE(base, first(1, 2, 4, Purpose::codec));
  EXPECT_NE(base, first(1, 2, 3, Purpose::fault));
}

TEST(Random, MomentsOfTheDistributions) {
  constexpr int kDraws = 100000;
  Random random(7, 0, 0, Purpose::probe);
  double uniform = 0, normal = 0, square = 0, gamma = 0, small_gamma = 0;
  for (int i = 0; i < kDraws; ++i) {
    uniform += random.uniform();
    const double z = random.normal();
    normal += z;
    square += z * z;
    gamma += random.gamma(2.5);
    small_gamma += random.gamma(0.3);
  }
  // Bounds are five standard errors: sd / sqrt(draws), with sd 0.289, 1, sqrt(2), sqrt(2.5), sqrt(0.3).
  const double se = 5 / std::sqrt(double{kDraws});
  EXPECT_NEAR(uniform / kDraws, 0.5, 0.289 * se);
  EXPECT_NEAR(normal / kDraws, 0.0, se);
  EXPECT_NEAR(square / kDraws, 1.0, std::sqrt(2.0) * se);
  EXPECT_NEAR(gamma / kDraws, 2.5, std::sqrt(2.5) * se);
  EXPECT_NEAR(small_gamma / kDraws, 0.3, std::sqrt(0.3) * se);
}

TEST(Random, LogGammaStaysFiniteWhereGammaUnderflows) {
  Random random(3, 0, 0, Purpose::probe);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(std::isfinite(random.log_gamma_draw(1e-4)));
}

TEST(Random, PermutationHoldsEveryIndexOnce) {
  for (const int64_t n : {0, 1, 2, 97}) {
    auto order = permutation(n, Random(5, 0, 0, Purpose::sample_order));
    std::sort(order.begin(), order.end());
    std::vector<int64_t> expected(static_cast<std::size_t>(n));
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
  }
}

TEST(Layout, TensorsStartAtMultiplesOfSixteenAndStatisticsAreLast) {
  Layout layout;
  EXPECT_EQ(layout.add("conv.weight", TensorKind::weight, 5, 27), 0);
  EXPECT_EQ(layout.add("conv.bias", TensorKind::bias, 1, 5, 2.0, 0.0), 1);
  EXPECT_EQ(layout.statistics_begin(), layout.size());
  EXPECT_EQ(layout.add("norm.mean", TensorKind::running_statistic, 1, 5), 2);
  EXPECT_EQ(layout.tensor(1).offset, 144);  // 135 rounded up
  EXPECT_EQ(layout.tensor(2).offset, 160);
  EXPECT_EQ(layout.statistics_begin(), 160);
  EXPECT_EQ(layout.size(), 176);
  EXPECT_EQ(layout.parameters(), 140);
  EXPECT_THROW(layout.add("late.weight", TensorKind::weight, 1, 1), Error);
  EXPECT_THROW(layout.add("norm.mean", TensorKind::running_statistic, 1, 5), Error);
  EXPECT_THROW(layout.add("empty", TensorKind::running_statistic, 0, 5), Error);
}

// The comparator's own test: everything that must fail does.
TEST(Compare, FailsOnWhatItMustFailOn) {
  const std::vector<float> want = {1.0f, -2.0f, 3.0f};
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(compare(want, want, 0, 0).ok);
  EXPECT_TRUE(compare(std::vector<float>{1.1f, -2.0f, 3.0f}, want, 0.2, 0).ok);
  EXPECT_FALSE(compare(std::vector<float>{1.1f, -2.0f, 3.0f}, want, 0.05, 0).ok);
  EXPECT_FALSE(compare(std::vector<float>{1.0f, nan, 3.0f}, want, 1e30, 1e30).ok);
  EXPECT_FALSE(compare(std::vector<float>{1.0f, inf, 3.0f}, want, 1e30, 1e30).ok);
  EXPECT_FALSE(compare(std::vector<float>{nan}, std::vector<float>{nan}, 1e30, 0).ok);
  EXPECT_FALSE(compare(std::vector<float>{1.0f, 2.0f, 3.0f}, want, 0.1, 0).ok) << "one flipped element";
  EXPECT_FALSE(compare(std::vector<float>{1.0f, -2.0f}, want, 1e30, 0).ok) << "a missing last element";
  EXPECT_FALSE(compare(std::vector<float>{0, 0, 0}, want, 10.0, 0).ok) << "all zeros under a loose bound";
  EXPECT_TRUE(std::isnan(compare(std::vector<float>{nan, -2.0f, 4.0f}, want, 0, 0).max_error));
}

TEST(Compare, BitsSeeTheSignOfZeroAndNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(compare_bits(std::vector<float>{0.0f}, std::vector<float>{0.0f}).ok);
  EXPECT_FALSE(compare_bits(std::vector<float>{0.0f}, std::vector<float>{-0.0f}).ok);
  EXPECT_FALSE(compare_bits(std::vector<float>{nan}, std::vector<float>{nan}).ok);
  EXPECT_FALSE(compare_bits(std::vector<float>{std::nextafter(1.0f, 2.0f)}, std::vector<float>{1.0f}).ok);
}

TEST(Names, TheNearestNameIsSuggested) {
  EXPECT_EQ(nearest_name("d_pgsd", {"relaysgd", "d_psgd", "qg_dsgdm_n"}), "d_psgd");
  try {
    fail_unknown("algorithm", "relay", {"d_psgd", "relaysgd"});
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "unknown algorithm 'relay'; did you mean 'relaysgd'? Known: d_psgd, relaysgd");
  }
  EXPECT_EQ(parse_number("0.05", "--lr"), 0.05);
  EXPECT_THROW(parse_number("0.05x", "--lr"), Error);
  EXPECT_THROW(parse_number("", "--lr"), Error);
  EXPECT_THROW(parse_number("nan", "--lr"), Error);
  EXPECT_THROW(parse_integer("3.5", "--epochs"), Error);
}

}  // namespace
}  // namespace skewbench
