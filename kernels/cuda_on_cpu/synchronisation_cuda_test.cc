// Barriers, masks of warp operations, kernels that do not end.
#include "kernels/cuda_on_cpu/synchronisation_kernels.h"

#include "kernels/cuda_on_cpu/bug_cases_test.h"

namespace skewbench::cuda_on_cpu {
namespace {

class EndlessCases : public BugCases {
 protected:
  EndlessCases() { set_watchdog(0.05); }
  ~EndlessCases() override { set_watchdog(60); }
};

INSTANTIATE_TEST_SUITE_P(Barriers, BugCases, values_in(barrier_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Masks, BugCases, values_in(mask_cases()), name_of_case);

TEST_P(EndlessCases, AreStopped) { expect_caught(GetParam()); }

// There is no checked access at which the machine could notice, so a signal must.
TEST_P(EndlessCases, AreStoppedWithoutChecks) {
  set_checks(false);
  const std::vector<Finding> findings = run(GetParam().buggy);
  set_checks(true);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(contains(findings[0].text, "seconds of processor time and has not ended")) << findings[0].text;
  EXPECT_EQ(error_, cudaErrorLaunchTimeout);
}

TEST_P(EndlessCases, TwinsEnd) { expect_passed(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Endless, EndlessCases, values_in(endless_cases()), name_of_case);

TEST_F(BugCases, LanesThatDoNotExistAreNoMembers) {
  for (const char* order : kOrders) {
    SCOPED_TRACE(order);
    set_order(order);
    std::vector<float> out;
    EXPECT_TRUE(run(start_partial_warp, &out).empty());
    for (int t = 0; t < 40; ++t) {
      const bool is_full = t < 32;
      const float size = is_full ? 32 : 8, down = static_cast<float>(t % 8 == 7 ? t : t + 1);
      const float want[] = {1, is_full ? 0.0f : 1.0f, is_full ? float(0xAAAAAAAAu) : float(0xAAu), size, is_full ? 0.0f : 32.0f, size / 2, size, 1, size, down};
      for (std::size_t i = 0; i < std::size(want); ++i) EXPECT_EQ(out[64 * static_cast<std::size_t>(t) + i], want[i]) << "thread " << t << ", value " << i;
    }
  }
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
