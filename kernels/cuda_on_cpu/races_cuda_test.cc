// Races by happens-before; the kernels are in races_*_kernels.cu.
#include "kernels/cuda_on_cpu/races_kernels.h"

#include "kernels/cuda_on_cpu/bug_cases_test.h"

namespace skewbench::cuda_on_cpu {
namespace {

INSTANTIATE_TEST_SUITE_P(SharedRaces, BugCases, values_in(shared_race_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(GlobalRaces, BugCases, values_in(global_race_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(PartialRaces, BugCases, values_in(partial_race_cases()), name_of_case);

}  // namespace
}  // namespace skewbench::cuda_on_cpu
