// Top-k: by hand, ties, hostile vectors, the contraction, and the host against the reference.
#include "kernels/quantize/top_k.h"

#include <algorithm>

#include "kernels/quantize/test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::Guarded;
using test_arrays::refusal;
using Indices = std::vector<int32_t>;

struct Version {
  const char* name;
  void (*top_k)(const Sparse&, const float*, int32_t*);
};
constexpr Version kReference{"reference", top_k_ref};
constexpr Version kHost{"host", top_k_host};

Indices top(const Version& version, const Values& x, int64_t k) {
  Guarded<int32_t> indices(k);
  const Values before = x;
  version.top_k({std::ssize(x), k}, x.data(), indices.data());
  EXPECT_TRUE(indices.guards_intact());
  EXPECT_TRUE(same_floats(x, before)) << "the input";
  return {indices.span().begin(), indices.span().end()};
}

class TopKVersions : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, TopKVersions, testing::Values(kReference, kHost), name_of_version);

TEST_P(TopKVersions, ByHand) {
  const Values x{1, -5, 0.5f, 5, -0.0f, 3, 0, -3};
  EXPECT_EQ(top(GetParam(), x, 1), (Indices{1})) << "of -5 and 5 the first";
  EXPECT_EQ(top(GetParam(), x, 2), (Indices{1, 3}));
  EXPECT_EQ(top(GetParam(), x, 3), (Indices{1, 3, 5})) << "of 3 and -3 the first";
  EXPECT_EQ(top(GetParam(), x, 7), (Indices{0, 1, 2, 3, 4, 5, 7})) << "of -0 and 0 the first";
  EXPECT_EQ(top(GetParam(), x, 8), (Indices{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(top(GetParam(), Values{7}, 1), (Indices{0}));
}

TEST_P(TopKVersions, WhatIsNotFiniteComesFirst) {
  EXPECT_EQ(top(GetParam(), Values{1, -INFINITY, 2, NAN, 3}, 1), (Indices{3}));
  EXPECT_EQ(top(GetParam(), Values{1, -INFINITY, 2, -NAN, 3}, 2), (Indices{1, 3}));
  EXPECT_EQ(top(GetParam(), Values{FLT_TRUE_MIN, 0, -2 * FLT_TRUE_MIN}, 2), (Indices{0, 2})) << "denormals are numbers";
}

// What is left of a tensor is at most 1 - k / n of it, and all of it where everything is equal.
TEST_P(TopKVersions, Contracts) {
  const Values x = test_arrays::normals<float>(1000, 1);
  for (const int64_t k : {1, 100, 999}) {
    Values kept = x, sent(static_cast<std::size_t>(k));
    take_ref({1000, k}, top(GetParam(), x, k).data(), kept.data(), sent.data());
    EXPECT_LE(test_arrays::dot(kept, kept), (1 - double(k) / 1000) * test_arrays::dot(x, x));
    const auto less = [](float a, float b) { return std::fabs(a) < std::fabs(b); };
    EXPECT_LE(std::fabs(*std::max_element(kept.begin(), kept.end(), less)), std::fabs(*std::min_element(sent.begin(), sent.end(), less)));
  }
}

TEST(TopK, HostHasTheReferencesIndices) {
  for (const int64_t count : {1, 2, 31, 257, 2048, 5000}) {
    auto cases = finite_values(count);
    for (auto& values : not_finite_values(count)) cases.push_back(std::move(values));
    Values few = test_arrays::small_integers<float>(count, 3, 2);
    cases.push_back({"seven values", std::move(few)});
    for (const auto& [name, x] : cases)
      for (const int64_t k : {int64_t{1}, count / 100, count / 3, count / 2 + 1, count - 1, count})
        if (k > 0) {
          ASSERT_EQ(top(kHost, x, k), top(kReference, x, k)) << k << " of " << count << ", " << name;
        }
  }
}

TEST_P(TopKVersions, Refusals) {
  EXPECT_EQ(refusal([] { GetParam().top_k({0, 1}, nullptr, nullptr); }), "0 coordinates: there must be 1 to 2147483647");
  EXPECT_EQ(refusal([] { GetParam().top_k({3, 4}, nullptr, nullptr); }), "4 of 3 coordinates: there must be at least one and no more than all");
}

}  // namespace
}  // namespace skewbench::quantize
