// One contestant with its memory, ready to be checked, timed and counted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/kernels/arena.h"
#include "bench/kernels/row.h"

namespace skewbench::bench_kernels {

class Heat {
 public:
  /// Cold: so many copies of the arrays that each call finds its own outside of the cache.
  Heat(const Contest& contest, const Contestant& contestant, bool is_cold);
  ~Heat();

  /// Runs once on fresh outputs. Empty, or what is wrong with the result.
  std::string check();
  /// Seconds of one call: the mean of so many calls as make a clock's reading long enough, through the copies in turn.
  double sample();
  /// What the launches of one call counted (counting.h).
  std::vector<LaunchCount> count();

 private:
  class DeviceClock;
  void call(int copy) { contestant_.run(arena_.addresses(copy), nullptr); }
  void wait() const;
  double time(int calls);
  int calibrated();

  const Contestant& contestant_;
  Arena arena_;
  std::unique_ptr<DeviceClock> device_clock_;  // null on the host
  int calls_ = 0, next_ = 0;
};

}  // namespace skewbench::bench_kernels
