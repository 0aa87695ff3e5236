// Executes launches.
#pragma once

#include "kernels/cuda_on_cpu/block.h"

namespace skewbench::cuda_on_cpu {

/// Runs every block, in the order that the settings say, on as many OS threads as they say. Returns when all are done or a
/// finding has ended the launch. One launch at a time.
void run_grid(Launch& launch);

}  // namespace skewbench::cuda_on_cpu
