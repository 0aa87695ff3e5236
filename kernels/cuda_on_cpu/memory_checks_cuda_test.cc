// Bounds, alignment, shared memory that nobody wrote, cp.async that nobody waited for.
#include "kernels/cuda_on_cpu/memory_checks_kernels.h"

#include "kernels/cuda_on_cpu/bug_cases_test.h"

namespace skewbench::cuda_on_cpu {
namespace {

INSTANTIATE_TEST_SUITE_P(Bounds, BugCases, values_in(bounds_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(WrittenBeforeRead, BugCases, values_in(written_before_read_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(AsyncCopies, BugCases, values_in(async_copy_cases()), name_of_case);

}  // namespace
}  // namespace skewbench::cuda_on_cpu
