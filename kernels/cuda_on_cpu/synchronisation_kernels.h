#pragma once

#include <span>

#include "kernels/cuda_on_cpu/bug_cases.h"

namespace skewbench::cuda_on_cpu {

std::span<const BugCase> barrier_cases();
std::span<const BugCase> mask_cases();
std::span<const BugCase> endless_cases();

/// Every lane of the last warp of a block of 40 threads gives its collectives the full mask: 8 lanes exist.
void start_partial_warp(const BugData& data);

}  // namespace skewbench::cuda_on_cpu
