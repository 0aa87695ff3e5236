// Seconds of a steady clock, the median of what was measured with it, and whether the core was ours meanwhile.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

namespace skewbench::train {

inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Of at least one value; the upper one of an even number.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// How much of the time this process has had a core since the object was made. A rank that waits for messages spins, so
/// on a quiet machine it is all of the time.
class CoreShare {
 public:
  double value() const { return (processor_seconds() - processor_start_) / (now() - start_); }

 private:
  static double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
  double start_ = now(), processor_start_ = processor_seconds();
};

inline constexpr double kQuietShare = 0.98;  ///< below it somebody else was computing, and times are no timings

}  // namespace skewbench::train
