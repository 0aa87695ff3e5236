// Tries mutants: each in a forked process of its own, so that one that crashes, hangs or spoils memory harms nobody.
//
// The parent never launches a kernel itself: a process that has started threads cannot be forked safely.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace skewbench::cuda_on_cpu {

/// One test, as it ran without a mutant.
struct ObservedTest {
  std::string name;
  double processor_seconds = 0;
  std::vector<std::string> kernels{};  ///< mangled, each once
};

/// Runs `observe` in a child; it calls the function that it is given once for each test. Throws Error where the child dies.
std::vector<ObservedTest> observe_tests(const std::function<void(const std::function<void(const ObservedTest&)>& report)>& observe);

struct TimedTest {
  std::size_t number;
  double limit_s;  ///< processor time
};

struct Trial {
  uint32_t mutant;
  std::vector<TimedTest> tests;  ///< in the order in which they run
};

enum class Fate {
  caught,    ///< a test failed
  crashed,   ///< a signal
  late,      ///< out of time
  survived,  ///< every test passed
};

struct TrialResult {
  Fate fate;
  std::size_t test;  ///< that caught it, where one did
  double seconds;
};

/// Runs each trial in a child, `children` at a time. `passes(mutant, test)` is called there and says whether the test passes.
/// `tell` is called in the parent as trials end, in any order.
std::vector<TrialResult> run_trials(const std::vector<Trial>& trials, int children,
                                    const std::function<bool(uint32_t mutant, std::size_t test)>& passes,
                                    const std::function<void(std::size_t trial, const TrialResult&)>& tell);

}  // namespace skewbench::cuda_on_cpu
