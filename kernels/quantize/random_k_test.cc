// Random-k: subsets, their distribution, keys, and the host against the reference.
#include "kernels/quantize/random_k.h"

#include <algorithm>
#include <numeric>

#include "kernels/quantize/test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::Guarded;
using test_arrays::refusal;
using Indices = std::vector<int32_t>;

const Draws kDraws(5, 0, 9, Purpose::codec);

struct Version {
  const char* name;
  void (*random_k)(const Sparse&, const Draws&, int32_t*);
};
constexpr Version kReference{"reference", random_k_ref};
constexpr Version kHost{"host", random_k_host};

Indices drawn(const Version& version, int64_t count, int64_t k, const Draws& draws = kDraws) {
  Guarded<int32_t> indices(k);
  version.random_k({count, k}, draws, indices.data());
  EXPECT_TRUE(indices.guards_intact());
  return {indices.span().begin(), indices.span().end()};
}

class RandomKVersions : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, RandomKVersions, testing::Values(kReference, kHost), name_of_version);

TEST_P(RandomKVersions, SubsetsAscend) {
  for (const int64_t k : {1, 7, 499, 500}) {
    const Indices indices = drawn(GetParam(), 500, k);
    EXPECT_TRUE(std::is_sorted(indices.begin(), indices.end()));
    EXPECT_EQ(std::adjacent_find(indices.begin(), indices.end()), indices.end());
    EXPECT_GE(indices.front(), 0);
    EXPECT_LT(indices.back(), 500);
  }
}

TEST_P(RandomKVersions, TheKeyDecides) {
  const Indices one = drawn(GetParam(), 500, 50);
  EXPECT_EQ(one, drawn(GetParam(), 500, 50));
  EXPECT_NE(one, drawn(GetParam(), 500, 50, Draws(5, 0, 10, Purpose::codec)));
  EXPECT_NE(one, drawn(GetParam(), 500, 50, Draws(6, 0, 9, Purpose::codec)));
  EXPECT_NE(one, drawn(GetParam(), 500, 50, Draws(5, 0, 9, Purpose::codec, 500)));
}

// 20000 draws of 3 from 7: every coordinate in 3/7 of them, every pair in 1/7, within 4.5 standard deviations.
TEST_P(RandomKVersions, CoordinatesAndPairsAreEquallyLikely) {
  constexpr uint32_t kSteps = 20000;
  int together[7][7] = {};
  for (uint32_t step = 0; step < kSteps; ++step)
    for (const Indices indices = drawn(GetParam(), 7, 3, Draws(11, 0, step, Purpose::codec)); const int32_t i : indices)
      for (const int32_t j : indices) ++together[i][j];
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 7; ++j) {
      const double p = i == j ? 3.0 / 7 : 1.0 / 7;
      EXPECT_NEAR(together[i][j], kSteps * p, 4.5 * std::sqrt(kSteps * p * (1 - p))) << i << ", " << j;
    }
}

TEST(RandomK, HostHasTheReferencesIndices) {
  for (const int64_t count : {1, 3, 63, 64, 65, 1000, 5003})
    for (const int64_t k : {int64_t{1}, count / 3, count - 1, count})
      if (k > 0) {
        ASSERT_EQ(drawn(kHost, count, k), drawn(kReference, count, k)) << k << " of " << count;
      }
}

TEST_P(RandomKVersions, Refusals) {
  EXPECT_EQ(refusal([] { GetParam().random_k({3, 4}, kDraws, nullptr); }), "4 of 3 coordinates: there must be at least one and no more than all");
  EXPECT_EQ(refusal([] { GetParam().random_k({3, 2}, Draws(1, 0, 0, Purpose::codec, 2), nullptr); }),
            "random numbers from 2 on: it must be a multiple of 4");
}

}  // namespace
}  // namespace skewbench::quantize
