#include "kernels/cuda_on_cpu/launch_log.h"

namespace skewbench::cuda_on_cpu {

bool counts_launches = false;
void (*on_launch)(const LaunchReport& report) = nullptr;

}  // namespace skewbench::cuda_on_cpu
