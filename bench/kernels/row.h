// One row of the result: who, on what, the verdict, and the times or the counts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/kernels/contest.h"

namespace skewbench::bench_kernels {

/// Of samples in seconds.
struct Spread {
  double minimum = 0, p50 = 0, p95 = 0, mean = 0, cv = 0;  ///< cv: standard deviation / mean
  int64_t samples = 0;
};
/// Percentiles are values of the sample: the smallest with so many at or below it. At least one sample.
Spread summarise(std::vector<double> samples);

/// What one core or the device can do, measured in the same run (peaks.h).
struct Peaks {
  double bytes_per_second = 0, flops_per_second = 0;
  double tensor_flops_per_second = 0;  ///< of the device's tensor cores on tf32; 0 where there are none
};

/// What the machine counted in the launches of one call (a translated kernel on the CPU).
struct LaunchCount {
  std::string kernel;  ///< mangled
  int64_t blocks = 0, threads = 0, dynamic_shared = 0, instructions = 0, bytes_read = 0, bytes_written = 0;
};

struct Row {
  std::string operation, shape, dimensions, place, back_end, version, idea;
  int64_t n = 1;
  bool is_cold = false;
  std::string verdict, reason;  ///< PASSED, INCORRECT, FAILED, SKIPPED
  std::string name;             ///< what --only takes to run it again

  double flops = 0;
  int64_t least_bytes_read = 0, least_bytes_written = 0;

  bool is_timed = false;  ///< the rest of this block is set
  Spread seconds;
  double gflops = 0, gbps = 0, roofline = 0;  ///< from p50; roofline: share of what the peaks allow
  std::string bound;                          ///< memory or compute: which peak limits it
  double ratio = 0;                           ///< p50 of the place's first contestant over this one's: above 1 this one is faster
  std::string ratio_to;

  std::vector<LaunchCount> launches;  ///< where a translated kernel ran: counts instead of times
};

/// Sets what follows from the median: rates, share of the roofline and what bounds it.
void derive_rates(Row& row, const Peaks& peaks, bool uses_tensor_cores);

/// Rows on the terminal, in 80 columns: a heading for each contest, then a line for each row. The row's name is the heading's and the
/// line's, joined by "/".
class Table {
 public:
  void print(const Row& row, const std::string& contest);

 private:
  std::string contest_;
  const char* columns_ = nullptr;  // of times or of counts: what the last line under this heading had
};

}  // namespace skewbench::bench_kernels
