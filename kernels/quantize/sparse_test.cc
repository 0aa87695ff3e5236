// Taking coordinates out and putting them back: by hand, exactness, indices from a wire.
#include "kernels/quantize/sparse.h"

#include <algorithm>

#include "kernels/quantize/test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::Guarded;
using test_arrays::refusal;

struct Version {
  const char* name;
  void (*gather)(const Sparse&, const int32_t*, const float*, float, float*);
  void (*take)(const Sparse&, const int32_t*, float*, float*);
  void (*scatter)(const Sparse&, const int32_t*, const float*, float*, bool);
};
constexpr Version kReference{"reference", gather_ref, take_ref, scatter_ref};
constexpr Version kHost{"host", gather_host, take_host, scatter_host};

class SparseVersions : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, SparseVersions, testing::Values(kReference, kHost), name_of_version);

TEST_P(SparseVersions, ByHand) {
  const Sparse problem{6, 3};
  const std::vector<int32_t> indices{0, 2, 5};
  Values x{1, 2, 3, 4, 5, 6};
  Guarded<float> values(3), out(6);
  GetParam().gather(problem, indices.data(), x.data(), 2, values.data());
  EXPECT_TRUE(same_floats(values.span(), Values{2, 6, 12}));
  GetParam().take(problem, indices.data(), x.data(), values.data());
  EXPECT_TRUE(same_floats(values.span(), Values{1, 3, 6}));
  EXPECT_TRUE(same_floats(x, Values{0, 2, 0, 4, 5, 0}));
  GetParam().scatter(problem, indices.data(), values.data(), out.data(), false);
  EXPECT_TRUE(same_floats(out.span(), Values{1, 0, 3, 0, 0, 6}));
  GetParam().scatter(problem, indices.data(), values.data(), out.data(), true);
  EXPECT_TRUE(same_floats(out.span(), Values{2, 0, 6, 0, 0, 12}));
  EXPECT_TRUE(values.guards_intact() && out.guards_intact());
}

// Sent and kept are the given numbers, NaN payloads and signs of zeros included: at each index one of them has the bits.
TEST_P(SparseVersions, SentPlusKeptIsWhatWasGiven) {
  auto cases = finite_values(100);
  for (auto& values : not_finite_values(100)) cases.push_back(std::move(values));
  for (const auto& [name, given] : cases) {
    Values kept = given, sent(34), out(100);
    std::vector<int32_t> indices;
    for (int32_t i = 0; i < 100; i += 3) indices.push_back(i);
    const Sparse problem{100, 34};
    GetParam().take(problem, indices.data(), kept.data(), sent.data());
    GetParam().scatter(problem, indices.data(), sent.data(), out.data(), false);
    for (std::size_t i = 0; i < given.size(); ++i) {
      const float& whole = i % 3 == 0 ? out[i] : kept[i];
      const float& nothing = i % 3 == 0 ? kept[i] : out[i];
      ASSERT_EQ(std::memcmp(&whole, &given[i], 4), 0) << name << ", coordinate " << i;
      ASSERT_TRUE(nothing == 0 && !std::signbit(nothing)) << name << ", coordinate " << i;
    }
  }
}

TEST_P(SparseVersions, GatherWithFactorOneMovesBits) {
  const Values x{NAN, -0.0f, FLT_TRUE_MIN, -INFINITY};
  const std::vector<int32_t> indices{0, 1, 2, 3};
  Values values(4);
  GetParam().gather({4, 4}, indices.data(), x.data(), 1, values.data());
  EXPECT_EQ(std::memcmp(values.data(), x.data(), 16), 0);
}

TEST_P(SparseVersions, Refusals) {
  const auto of = [](Sparse problem, std::vector<int32_t> indices) {
    Values values(8), x(8);
    return refusal([&] { GetParam().gather(problem, indices.data(), x.data(), 1, values.data()); });
  };
  EXPECT_EQ(of({0, 1}, {0}), "0 coordinates: there must be 1 to 2147483647");
  EXPECT_EQ(of({int64_t{1} << 31, 1}, {0}), "2147483648 coordinates: there must be 1 to 2147483647");
  EXPECT_EQ(of({4, 0}, {0}), "0 of 4 coordinates: there must be at least one and no more than all");
  EXPECT_EQ(of({4, 5}, {0}), "5 of 4 coordinates: there must be at least one and no more than all");
  EXPECT_EQ(of({4, 2}, {0, 4}), "index 1 of 2 is 4 after 0: indices must ascend within [0, 4)");
  EXPECT_EQ(of({4, 2}, {1, 1}), "index 1 of 2 is 1 after 1: indices must ascend within [0, 4)");
  EXPECT_EQ(of({4, 2}, {-1, 1}), "index 0 of 2 is -1 after -1: indices must ascend within [0, 4)");
  const std::vector<int32_t> descending{3, 2};
  Values values(2), x(4);
  EXPECT_NE(refusal([&] { GetParam().take({4, 2}, descending.data(), x.data(), values.data()); }), "nothing was refused");
  EXPECT_NE(refusal([&] { GetParam().scatter({4, 2}, descending.data(), values.data(), x.data(), true); }), "nothing was refused");
}

}  // namespace
}  // namespace skewbench::quantize
