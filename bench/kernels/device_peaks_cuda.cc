#include <algorithm>

#include "bench/kernels/peaks.h"

namespace skewbench::bench_kernels {
namespace {

constexpr int kBlock = 256, kRepetitions = 10;

/// The best of several rates: amount() is done between two events and returns how much it was.
template <class Launch>
double best_rate(Launch amount) {
  device::Event start, end;
  double best = 0;
  for (int i = 0; i <= kRepetitions; ++i) {  // the first one warms up
    start.record(nullptr);
    const double done = amount();
    end.record(nullptr);
    end.wait();
    if (i > 0) best = std::max(best, done / end.seconds_since(start));
  }
  return best;
}

}  // namespace

Peaks device_peaks() {
  const int64_t count = 1 << 26;  // three arrays of 256 MiB, several times any second-level cache
  device::Array<float> a(count), b(count), out(count);
  device::fill_bytes(a.data(), 0, a.bytes(), nullptr);
  device::fill_bytes(b.data(), 0, b.bytes(), nullptr);
  const int blocks = 16 * device::properties().multiprocessors;
  device::Array<float> sums(int64_t{blocks} * kBlock);
  Peaks peaks;
  peaks.bytes_per_second = best_rate([&] { return launch_triad(a.data(), b.data(), out.data(), count, nullptr), 12.0 * static_cast<double>(count); });
  peaks.flops_per_second = best_rate([&] { return launch_fma(sums.data(), blocks, 4096, nullptr); });
  peaks.tensor_flops_per_second = best_rate([&] { return launch_tensor(sums.data(), blocks, 2048, nullptr); });
  return peaks;
}

}  // namespace skewbench::bench_kernels
