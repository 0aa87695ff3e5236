// Trials of mutants: every way in which one can end is told from the others.
#include "kernels/cuda_on_cpu/mutant_trials.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "kernels/base/error.h"

namespace skewbench::cuda_on_cpu {
namespace {

// Mutant 0 fails test 1, 1 crashes in test 0, 2 never ends, 3 changes nothing, 4 gives up by itself.
bool passes(uint32_t mutant, std::size_t test) {
  if (mutant == 0) return test != 1;
  if (mutant == 1) std::raise(SIGSEGV);
  if (mutant == 2)
    for (;;) asm volatile("");
  if (mutant == 4) std::_Exit(9);
  return true;
}

TEST(MutantTrials, Fates) {
  std::vector<Trial> trials;
  for (uint32_t mutant = 0; mutant < 5; ++mutant) trials.push_back({mutant, {{2, 0.1}, {1, 0.1}, {0, 0.1}}});
  std::size_t told = 0;
  const auto results = run_trials(trials, 2, passes, [&](std::size_t, const TrialResult&) { ++told; });
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(told, 5u);
  EXPECT_EQ(results[0].fate, Fate::caught);
  EXPECT_EQ(results[0].test, 1u);
  EXPECT_EQ(results[1].fate, Fate::crashed);
  EXPECT_EQ(results[1].test, 2u);
  EXPECT_EQ(results[2].fate, Fate::late);
  EXPECT_EQ(results[3].fate, Fate::survived);
  EXPECT_EQ(results[4].fate, Fate::crashed);
}

TEST(MutantTrials, AChildThatSleepsIsLate) {
  const auto sleeps = [](uint32_t, std::size_t) { return std::this_thread::sleep_for(std::chrono::minutes(5)), true; };
  const auto results = run_trials({{0, {{0, 0.01}}}}, 1, sleeps, [](std::size_t, const TrialResult&) {});
  EXPECT_EQ(results[0].fate, Fate::late);
}

TEST(MutantTrials, TestsAreObservedInAChild) {
  int here = 0;
  const auto tests = observe_tests([&](const auto& report) {
    here = 1;
    report({"A.a", 0.25, {"k", "l"}});
    report({"A.b", 0.5, {}});
  });
  EXPECT_EQ(here, 0);
  ASSERT_EQ(tests.size(), 2u);
  EXPECT_EQ(tests[0].name, "A.a");
  EXPECT_EQ(tests[0].processor_seconds, 0.25);
  EXPECT_EQ(tests[0].kernels, (std::vector<std::string>{"k", "l"}));
  EXPECT_TRUE(tests[1].kernels.empty());
  EXPECT_THROW(observe_tests([](const auto&) { std::_Exit(1); }), Error);
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
