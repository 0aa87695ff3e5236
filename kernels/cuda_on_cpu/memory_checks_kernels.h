#pragma once

#include <span>

#include "kernels/cuda_on_cpu/bug_cases.h"

namespace skewbench::cuda_on_cpu {

std::span<const BugCase> bounds_cases();
std::span<const BugCase> written_before_read_cases();
std::span<const BugCase> async_copy_cases();

}  // namespace skewbench::cuda_on_cpu
