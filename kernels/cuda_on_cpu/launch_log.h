// What the machine tells about each launch: for the mutation runner, which must know what a test launches, and for
// benchmarks and the resource report, which print what was counted.
#pragma once

#include <cstdint>

namespace skewbench::cuda_on_cpu {

/// Whether the next launches count (modes & kCounts), which costs time. Settings have no say in it.
extern bool counts_launches;

/// One launch, after its last block. What is counted is over all threads, and 0 unless counts_launches.
struct LaunchReport {
  const char* kernel;              ///< mangled
  uint32_t grid[3], block[3];      ///< x y z
  uint32_t dynamic_shared_bytes;
  double seconds;                  ///< on the CPU: no GPU timing
  uint64_t instructions;           ///< PTX instructions executed
  uint64_t global_bytes_read, global_bytes_written;  ///< that threads asked for, whatever a cache would serve; atomics are both
  uint64_t shared_bytes_read, shared_bytes_written;
};

/// Called by the launching thread after each launch that ended without a finding; null: nobody listens.
extern void (*on_launch)(const LaunchReport& report);

}  // namespace skewbench::cuda_on_cpu
