// Which mutants are tried, and with which tests.
#include "kernels/cuda_on_cpu/mutant_choice.h"

#include <gtest/gtest.h>

#include <set>

namespace skewbench::cuda_on_cpu {
namespace {

const char kA[] = "_ZN3mix8a_kernelILi4EEEvPf", kOtherA[] = "_ZN3mix8a_kernelILi8EEEvPf", kB[] = "_ZN3mix8b_kernelEPf";
const Place kPlaces[] = {{"no file", 1, 1, "bar.sync 0;"}, {"no file", 2, 2, "setp.lt.s32 %p1, %r1, %r2;"}};
const MutationSite kSites[] = {{kA, "barrier", "removed", &kPlaces[0]},
                               {kA, "bound", "+1", &kPlaces[1]},
                               {kOtherA, "bound", "+1", &kPlaces[1]},
                               {kB, "bound", "-1", &kPlaces[1]}};
const std::vector<EquivalentMutant> kEntries = {{"list", 1, {"a_kernel"}, "bound +1", "*", "*", "setp.*", "why"},
                                                {"list", 7, {"a_kernel"}, "bound -1", "*", "*", "*", "why"}};

Kernels find(std::span<const MutationSite> sites, const std::vector<EquivalentMutant>& entries, const std::string& only) {
  SourceTexts texts;
  return find_mutants(sites, entries, only, texts);
}

TEST(MutantChoice, SitesOfATemplateAreOfOneKernel) {
  const Kernels kernels = find(kSites, kEntries, "");
  ASSERT_EQ(kernels.size(), 2u);
  const auto& a = kernels.at("a_kernel");
  ASSERT_EQ(a.size(), 3u);
  EXPECT_EQ(a[2].number, 2u);
  EXPECT_EQ(a[0].entry, nullptr);
  EXPECT_EQ(a[1].entry, &kEntries[0]);
  EXPECT_EQ(kernels.at("b_kernel")[0].entry, nullptr);
  EXPECT_EQ(find(kSites, kEntries, "b_kernel").size(), 1u);
}

TEST(MutantChoice, EntriesWithoutAMutantAreFound) {
  const auto useless = entries_without_mutants(kEntries, find(kSites, kEntries, ""));
  ASSERT_EQ(useless.size(), 1u);
  EXPECT_EQ(useless[0]->line_number, 7);
}

TEST(MutantChoice, TheDrawLeavesOutWhatIsListed) {
  const Kernels kernels = find(kSites, kEntries, "");
  for (uint64_t seed = 0; seed < 9; ++seed) EXPECT_EQ(draw_one("a_kernel", kernels.at("a_kernel"), seed)[0].number, 0u);
  const std::vector<EquivalentMutant> all = {{"list", 1, {"b_kernel"}, "bound -1", "*", "*", "*", "why"}};
  EXPECT_TRUE(draw_one("b_kernel", find(kSites, all, "").at("b_kernel"), 1).empty());
}

TEST(MutantChoice, OnlyWhatIsBuiltIsDrawn) {
  const MutationSite sites[] = {{kA, "barrier", "removed", &kPlaces[0], false}, {kA, "bound", "+1", &kPlaces[1], true}};
  const Kernels kernels = find(sites, {}, "");
  for (uint64_t seed = 0; seed < 9; ++seed) EXPECT_EQ(draw_one("a_kernel", kernels.at("a_kernel"), seed)[0].number, 1u);
}

TEST(MutantChoice, SeedsReachEveryMutant) {
  std::vector<Mutant> numbered(10);
  for (uint32_t i = 0; i < 10; ++i) numbered[i].number = i, numbered[i].site = &kSites[0];
  std::set<uint32_t> drawn;
  for (uint64_t seed = 0; seed < 200; ++seed) drawn.insert(draw_one("a_kernel", numbered, seed)[0].number);
  EXPECT_EQ(drawn.size(), 10u);
}

TEST(MutantChoice, TheQuickestTestThatLaunchesTheKernelIsFirst) {
  const Kernels kernels = find(kSites, {}, "");
  const std::vector<ObservedTest> tests = {{"T.slow", 2, {kA, kB}}, {"T.other", 0.1, {kOtherA}}, {"T.quick", 1, {kA}}};
  const Trial trial = make_trial(kernels.at("a_kernel")[0], tests);
  ASSERT_EQ(trial.tests.size(), 2u);
  EXPECT_EQ(trial.tests[0].number, 2u);
  EXPECT_EQ(trial.tests[1].number, 0u);
  EXPECT_GT(trial.tests[0].limit_s, 1);
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
