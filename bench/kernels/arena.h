// A contestant's memory: its arrays, once or several times, on the host or on the device.
#pragma once

#include <string>
#include <vector>

#include "bench/kernels/contest.h"
#include "kernels/base/aligned.h"

namespace skewbench::bench_kernels {

class Arena {
 public:
  /// `copies` sets of the contest's arrays, with their contents; contest.fill() must have run. Throws where there is not
  /// enough memory.
  Arena(const Contest& contest, const Contestant& contestant, int copies, device::Stream stream);

  int copies() const { return static_cast<int>(sets_.size()); }
  const Addresses& addresses(int copy) const { return sets_[static_cast<std::size_t>(copy)]; }

  /// Outputs become NaN, and what is read and overwritten is as before, in the first copy.
  void reset();
  /// Empty if what the first copy holds is what the reference computed, and inputs are untouched; otherwise one sentence.
  std::string check() const;

 private:
  std::byte* allocate(int64_t bytes);
  void copy(void* to, const void* from, int64_t bytes);
  void put(void* to, const void* from, int64_t bytes);
  std::vector<std::byte> get(const void* from, int64_t bytes) const;

  const Contest& contest_;
  const Contestant& contestant_;
  device::Stream stream_;
  AlignedVector<std::byte> on_host_;  // one of the two: all copies of all arrays, side by side
  device::Array<std::byte> on_device_;
  std::vector<Addresses> sets_;
};

/// How many sets of arrays exceed a cache of so many bytes twice, so that each is read from memory; at least 2.
int cold_copies(const Contest& contest, int64_t cache_bytes);

/// Empty if `got` is `array.want`; otherwise one sentence. `tolerance`: as Array's. NaN fails.
std::string compare_array(const Array& array, const std::vector<std::byte>& got, double tolerance);

}  // namespace skewbench::bench_kernels
