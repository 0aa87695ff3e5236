// What kernels/cuda_on_cpu counts while it executes translated kernels. In a program with NVIDIA's runtime: nothing.
#pragma once

#include <functional>
#include <vector>

#include "bench/kernels/row.h"

namespace skewbench::bench_kernels {

/// The launches of call(), with the instructions that their threads executed and the bytes that they asked for.
std::vector<LaunchCount> count_launches(const std::function<void()>& call);

}  // namespace skewbench::bench_kernels
