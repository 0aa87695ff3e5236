#include "bench/kernels/peaks.h"
#include "kernels/base/error.h"

namespace skewbench::bench_kernels {

Peaks device_peaks() { fail("{}", device::why_unusable()); }

}  // namespace skewbench::bench_kernels
