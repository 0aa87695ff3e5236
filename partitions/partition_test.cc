#include "partitions/partition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "kernels/base/compare.h"
#include "kernels/base/random.h"
#include "partitions/temporary_folder.h"

namespace skewbench::partitions {
namespace {

// Labels in no order. Classes of equal size up to one if `is_balanced`, else class c is c + 1 times as likely as 0.
std::vector<int32_t> make_labels(int64_t count, int classes, bool is_balanced = true) {
  std::vector<int32_t> labels;
  Random random(99, 0, 0, Purpose::probe);
  for (const int64_t i : permutation(count, Random(98, 0, 0, Purpose::probe))) {
    if (is_balanced) {
      labels.push_back(static_cast<int32_t>(i % classes));
    } else {
      const auto draw = static_cast<int64_t>(random.below(static_cast<uint64_t>(classes * (classes + 1) / 2)));
      int32_t c = 0;
      while ((c + 1) * (c + 2) / 2 <= draw) ++c;
      labels.push_back(c);
    }
  }
  return labels;
}

uint64_t hash(const Partition& partition) {
  std::vector<int64_t> all;
  for (const auto& share : partition) {
    all.push_back(-std::ssize(share));
    all.insert(all.end(), share.begin(), share.end());
  }
  return fingerprint(std::as_bytes(std::span(all)));
}

void expect_each_sample_once(const Partition& partition, int64_t samples, const std::string& what) {
  std::vector<int> seen(static_cast<std::size_t>(samples));
  for (const auto& share : partition) {
    EXPECT_FALSE(share.empty()) << what;
    for (const int64_t i : share) {
      ASSERT_TRUE(i >= 0 && i < samples) << what;
      ++seen[static_cast<std::size_t>(i)];
    }
  }
  EXPECT_EQ(std::ranges::count(seen, 1), samples) << what;
}

void expect_equal_sizes(const Partition& partition, int64_t samples, const std::string& what) {
  const auto workers = std::ssize(partition);
  for (int64_t w = 0; w < workers; ++w) {
    EXPECT_EQ(std::ssize(partition[static_cast<std::size_t>(w)]), samples / workers + (w < samples % workers))
        << what << ", worker " << w;
  }
}

double skew_of(const std::string& spec, const std::vector<int32_t>& labels, int workers, uint64_t seed = 1) {
  return mean_skew(class_histogram(make_partition(spec, labels, 10, workers, seed), labels, 10));
}

class EverySplit : public testing::TestWithParam<std::string> {};

TEST_P(EverySplit, PutsEverySampleOnExactlyOneWorker) {
  for (const int workers : {1, 2, 3, 5, 10, 16, 32}) {
    for (const bool is_balanced : {true, false}) {
      constexpr int64_t kSamples = 10007;  // prime: no number of workers divides it
      const auto labels = make_labels(kSamples, 10, is_balanced);
      const std::string what = fmt::format("{} workers, balanced {}", workers, is_balanced);
      if (GetParam() == "label-mod" && workers > 10) {
        EXPECT_NE(error_of([&] { make_partition(GetParam(), labels, 10, workers, 7); }), "") << what;
        continue;
      }
      const Partition partition = make_partition(GetParam(), labels, 10, workers, 7);
      ASSERT_EQ(std::ssize(partition), workers) << what;
      expect_each_sample_once(partition, kSamples, what);
      if (GetParam() != "label-mod") expect_equal_sizes(partition, kSamples, what);
      EXPECT_EQ(partition, make_partition(GetParam(), labels, 10, workers, 7)) << what;
      if (GetParam() != "label-mod" && workers > 1) {
        EXPECT_NE(partition, make_partition(GetParam(), labels, 10, workers, 8)) << what;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Splits, EverySplit,
                         testing::Values("iid", "dirichlet:0.1", "dirichlet:0.0001", "dirichlet:1e-6", "dirichlet:1",
                                         "dirichlet:10000", "dirichlet:1e6", "dirichlet-published:0.1",
                                         "dirichlet-published:1", "dirichlet-published:10000", "label:0", "label:37.5",
                                         "label:100", "label-mod"));

// All but `dirichlet` also came out of a numpy program that has the published loop, fed with the same random numbers.
TEST(Split, GoldenHashes) {
  const std::map<std::string, uint64_t> golden = {
      {"iid", 5672970016744946793u},
      {"dirichlet:0.1", 7192684706211529209u},
      {"dirichlet-published:0.1", 14094671674193412825u},
      {"label:80", 2437374190142590729u},
      {"label-mod", 11282429507316621277u},
  };
  const auto labels = make_labels(5000, 10);
  for (const auto& [spec, expected] : golden) {
    const int workers = spec == "label-mod" ? 10 : 16;
    EXPECT_EQ(hash(make_partition(spec, labels, 10, workers, 1)), expected) << spec;
  }
}

TEST(Split, ManyWorkersWithOneSampleEach) {
  const auto labels = make_labels(64, 10);
  for (const std::string spec : {"iid", "dirichlet:0.01", "dirichlet-published:1", "label:50", "label:100"}) {
    const Partition partition = make_partition(spec, labels, 10, 64, 3);
    expect_each_sample_once(partition, 64, spec);
    expect_equal_sizes(partition, 64, spec);
  }
}

TEST(Split, ClassesWithoutSamples) {
  std::vector<int32_t> labels(1000);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i % 2 ? 3 : 7;
  for (const std::string spec : {"iid", "dirichlet:0.1", "dirichlet:1e-4", "dirichlet-published:10", "label:100"}) {
    expect_each_sample_once(make_partition(spec, labels, 10, 7, 3), 1000, spec);
  }
  // Two classes, workers 3 and 7 of 10 would get all.
  EXPECT_NE(error_of([&] { make_partition("label-mod", labels, 10, 10, 3); }).find("without a sample"),
            std::string::npos);
}

TEST(Skew, HandComputed) {
  // Of all 8 samples half are of each class; worker 0 has 3/4 and 1/4, the others one class.
  const std::vector<double> distances = skew_per_worker({{3, 1}, {0, 3}, {1, 0}});
  EXPECT_DOUBLE_EQ(distances[0], 0.25);
  EXPECT_DOUBLE_EQ(distances[1], 0.5);
  EXPECT_DOUBLE_EQ(distances[2], 0.5);
  EXPECT_DOUBLE_EQ(mean_skew({{3, 1}, {0, 3}, {1, 0}}), 1.25 / 3);
  EXPECT_DOUBLE_EQ(mean_skew({{5, 5, 10}, {1, 1, 2}}), 0.0);
}

TEST(Skew, FallsWithAlpha) {
  const auto labels = make_labels(20000, 10);
  for (const std::string rule : {"dirichlet", "dirichlet-published"}) {
    double previous = 1.0;
    for (const char* alpha : {"0.01", "0.1", "1", "10", "100", "10000"}) {
      double sum = 0;
      for (const uint64_t seed : {1, 2, 3}) sum += skew_of(fmt::format("{}:{}", rule, alpha), labels, 16, seed) / 3;
      EXPECT_LT(sum, previous) << rule << ":" << alpha;
      previous = sum;
    }
    EXPECT_GT(skew_of(rule + ":0.01", labels, 16), 0.75) << rule;
    EXPECT_LT(skew_of(rule + ":10000", labels, 16), 0.03) << rule;
  }
}

TEST(Skew, RisesWithPercent) {
  const auto labels = make_labels(20000, 10);
  double previous = -1.0;
  for (const char* percent : {"0", "20", "40", "60", "80", "100"}) {
    const double skew = skew_of(fmt::format("label:{}", percent), labels, 16);
    EXPECT_GT(skew, previous) << percent;
    previous = skew;
  }
}

TEST(Dirichlet, LargeAlphaIsTheGlobalMix) {
  const auto labels = make_labels(16000, 10);
  const auto histogram = class_histogram(make_partition("dirichlet:1e6", labels, 10, 16, 1), labels, 10);
  for (const auto& row : histogram) {
    for (const int64_t count : row) EXPECT_NEAR(static_cast<double>(count), 100.0, 2.0);
  }
}

// Dir(α) with K classes has E[Σ p_c²] = (α + 1) / (Kα + 1).
// Fitting to equal sums changes that little for many workers.
TEST(Dirichlet, SecondMomentIsThatOfTheDistribution) {
  const auto labels = make_labels(100000, 10);
  for (const double alpha : {0.1, 1.0, 10.0}) {
    const auto histogram =
        class_histogram(make_partition(fmt::format("dirichlet:{}", alpha), labels, 10, 500, 1), labels, 10);
    double sum = 0;
    for (const auto& row : histogram) {
      for (const int64_t count : row) sum += static_cast<double>(count * count) / (200.0 * 200.0) / 500.0;
    }
    EXPECT_NEAR(sum / ((alpha + 1) / (10 * alpha + 1)), 1.0, 0.07) << alpha;
  }
}

TEST(DirichletPublished, GroupsOfTenAreIndependentOfEachOther) {
  // 32 workers, 32,000 samples: int(10 / 32 * 32000) = 10,000 a group. The groups' samples are consecutive parts of
  // iid's permutation, and with equal groups the final cut keeps to their borders.
  const auto labels = make_labels(32000, 10);
  const Partition whole = make_partition("iid", labels, 10, 1, 5);
  const Partition partition = make_partition("dirichlet-published:0.5", labels, 10, 32, 5);
  for (int group = 0; group < 4; ++group) {
    std::vector<int64_t> held;
    for (int w = 10 * group; w < std::min(32, 10 * group + 10); ++w) {
      const auto& share = partition[static_cast<std::size_t>(w)];
      held.insert(held.end(), share.begin(), share.end());
    }
    std::vector<int64_t> expected(whole[0].begin() + 10000 * group,
                                  whole[0].begin() + std::min(32000, 10000 * (group + 1)));
    std::ranges::sort(held);
    std::ranges::sort(expected);
    EXPECT_EQ(held, expected) << group;
  }
}

// Two workers, two classes of 10, a tiny alpha: each class goes whole to one of them, at random. If the second class
// draws the worker that is full, its row is all zero and the last worker gets it: that splits the classes if the full
// one was worker 0, and is drawn again if it was worker 1. So worker 0 has class 0 in two of three accepted draws.
TEST(DirichletPublished, AllZeroRowGoesToTheLastWorker) {
  std::vector<int32_t> labels(20);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i % 2;
  int with_class_0 = 0;
  for (uint64_t seed = 0; seed < 900; ++seed) {
    const auto histogram = class_histogram(make_partition("dirichlet-published:1e-6", labels, 2, 2, seed), labels, 2);
    EXPECT_TRUE(histogram == (Histogram{{10, 0}, {0, 10}}) || histogram == (Histogram{{0, 10}, {10, 0}}));
    with_class_0 += histogram[0][0] == 10;
  }
  EXPECT_NEAR(with_class_0, 600, 4 * 14.1);  // four standard deviations
}

TEST(DirichletPublished, GivesUpInsteadOfDrawingForEver) {
  std::vector<int32_t> labels(1000, 0);  // one class at a tiny alpha goes to one worker; nine stay empty
  EXPECT_NE(error_of([&] { make_partition("dirichlet-published:1e-6", labels, 1, 10, 1); }).find("draws"),
            std::string::npos);
}

TEST(Label, ZeroPercentIsIid) {
  const auto labels = make_labels(1003, 10);
  EXPECT_EQ(make_partition("label:0", labels, 10, 16, 4), make_partition("iid", labels, 10, 16, 4));
}

TEST(Label, HundredPercentOnTenWorkersIsOneClassEach) {
  const auto labels = make_labels(5000, 10);
  const Partition sorted = make_partition("label:100", labels, 10, 10, 4);
  const auto histogram = class_histogram(sorted, labels, 10);
  for (std::size_t w = 0; w < 10; ++w) EXPECT_EQ(histogram[w][w], 500);
  // Within a class the order is the permutation's, so shares are not in the order of the file.
  EXPECT_FALSE(std::ranges::is_sorted(sorted[0]));
}

// The rule in words, on eight samples, from the permutation that `iid` shows.
TEST(Label, FollowsItsRuleOnASmallCase) {
  const std::vector<int32_t> labels = {0, 1, 0, 1, 2, 2, 0, 1};
  const std::vector<int64_t> order = make_partition("iid", labels, 3, 1, 9)[0];
  std::vector<int64_t> sorted(order.begin(), order.begin() + 5);  // 62.5 % of 8
  std::ranges::stable_sort(sorted, {}, [&](int64_t i) { return labels[static_cast<std::size_t>(i)]; });
  // Shares of the sorted five: 2, 2, 1. Shares of eight: 3, 3, 2. So the rest deals 1, 1, 1.
  const Partition expected = {
      {sorted[0], sorted[1], order[5]}, {sorted[2], sorted[3], order[6]}, {sorted[4], order[7]}};
  EXPECT_EQ(make_partition("label:62.5", labels, 3, 3, 9), expected);
}

TEST(LabelMod, TakesLabelsModuloWorkers) {
  const std::vector<int32_t> labels = {0, 1, 2, 3, 4, 0, 1, 2, 3, 4};
  EXPECT_EQ(make_partition("label-mod", labels, 5, 2, 1), (Partition{{0, 2, 4, 5, 7, 9}, {1, 3, 6, 8}}));
}

TEST(BadInput, OneSentenceEach) {
  const auto labels = make_labels(100, 10);
  const auto message = [&](const std::string& spec, int workers = 4) {
    return error_of([&] { make_partition(spec, labels, 10, workers, 1); });
  };
  EXPECT_EQ(message("dirichlet:0"), "ALPHA of skew 'dirichlet' must be from 1e-06 to 1000000, not 0");
  EXPECT_EQ(message("dirichlet"), "skew 'dirichlet' needs its ALPHA: dirichlet:ALPHA");
  EXPECT_EQ(message("iid:3"), "skew 'iid' takes no argument, but '3' was given");
  EXPECT_EQ(message("iid", 0), "the number of workers must be at least 1, not 0");
  EXPECT_EQ(message("iid", 101), "100 samples are too few for 101 workers");
  EXPECT_EQ(message("label-mod", 11),
            "label-mod gives every worker a class of its own, so 10 classes are too few for 11 workers");
  EXPECT_NE(message("dirichle:0.1").find("did you mean 'dirichlet'"), std::string::npos);
  for (const char* bad : {"dirichlet:", "dirichlet:-1", "dirichlet:nan", "dirichlet:inf", "dirichlet:0.1x",
                          "dirichlet:1e-7", "dirichlet-published:0", "dirichlet-published:-0.1", "label:-1",
                          "label:100.5", "label:", "label", "label:ten", "label-mod:2", "", ":", "iid "}) {
    EXPECT_NE(message(bad), "") << bad;
  }
  EXPECT_NE(message("iid", -1), "");
  EXPECT_NE(error_of([&] { make_partition("iid", std::vector<int32_t>{0, 10}, 10, 1, 1); }), "");
  EXPECT_NE(error_of([&] { make_partition("iid", std::vector<int32_t>{0, -1}, 10, 1, 1); }), "");
  EXPECT_NE(error_of([&] { make_partition("iid", std::vector<int32_t>{}, 10, 1, 1); }), "");
}

TEST(BalancedSubset, TakesAsManyOfEachClassAsPossible) {
  const auto labels = make_labels(10000, 10);
  const auto subset = balanced_subset(labels, 10, 2003, 1);
  ASSERT_EQ(std::ssize(subset), 2003);
  EXPECT_TRUE(std::ranges::is_sorted(subset));
  EXPECT_EQ(std::ranges::adjacent_find(subset), subset.end());
  const Histogram histogram = class_histogram({subset}, labels, 10);
  for (const int64_t count : histogram[0]) EXPECT_TRUE(count == 200 || count == 201) << count;
  EXPECT_EQ(subset, balanced_subset(labels, 10, 2003, 1));
  EXPECT_NE(subset, balanced_subset(labels, 10, 2003, 2));
}

TEST(BalancedSubset, FillsUpWhereAClassIsSmall) {
  const std::vector<int32_t> labels = {0, 0, 0, 0, 0, 0, 1, 2, 2, 2};
  EXPECT_EQ(class_histogram({balanced_subset(labels, 3, 7, 1)}, labels, 3)[0], (std::vector<int64_t>{3, 1, 3}));
  EXPECT_EQ(std::ssize(balanced_subset(labels, 3, 10, 1)), 10);
  EXPECT_NE(error_of([&] { balanced_subset(labels, 3, 11, 1); }), "");
  EXPECT_NE(error_of([&] { balanced_subset(labels, 3, 0, 1); }), "");
}

}  // namespace
}  // namespace skewbench::partitions
