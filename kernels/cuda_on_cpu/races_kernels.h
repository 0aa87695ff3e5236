#pragma once

#include <span>

#include "kernels/cuda_on_cpu/bug_cases.h"

namespace skewbench::cuda_on_cpu {

std::span<const BugCase> shared_race_cases();
std::span<const BugCase> global_race_cases();
std::span<const BugCase> partial_race_cases();

}  // namespace skewbench::cuda_on_cpu
