// What memory and arithmetic units can do, measured at the start of a run: the roofline that its rows are shares of.
#pragma once

#include <cstdint>

#include "bench/kernels/row.h"
#include "kernels/base/device.h"

namespace skewbench::bench_kernels {

/// One core: a triad a = b + s * c over arrays four times as large as the last cache, and chains of fused multiply-adds.
Peaks host_peaks();

/// The selected device, by the same two probes and one of its tensor cores. Not for translated kernels on the CPU.
Peaks device_peaks();

/// The core's last cache, from the system; 32 MiB where it does not say.
int64_t host_cache_bytes();

// --- the device's probes (peaks_cuda.cu): `work` units each ---------------------------------------------------------------

/// out[i] = a[i] + 3 * b[i]; count a multiple of 4, pointers of 16.
void launch_triad(const float* a, const float* b, float* out, int64_t count, device::Stream);
/// `rounds` rounds of 8 independent fused multiply-adds in each of `blocks` x 256 threads; returns the FLOPs.
double launch_fma(float* out, int blocks, int rounds, device::Stream);
/// The same of 4 independent tf32 m16n8k8 products in each warp.
double launch_tensor(float* out, int blocks, int rounds, device::Stream);

/// Takes time, some nanoseconds a round, on one multiprocessor; writes one word, `rounds` steps of a generator.
void launch_hold(uint32_t* out, int64_t rounds, device::Stream);

}  // namespace skewbench::bench_kernels
