#include "bench/kernels/peaks.h"

#include <unistd.h>

#include <algorithm>

#include "bench/train/speed/clock.h"
#include "bench/train/speed/fma_peak.h"
#include "kernels/base/aligned.h"

namespace skewbench::bench_kernels {
namespace {

double triad_peak() {
  const int64_t count = std::max<int64_t>(host_cache_bytes(), 8 << 20) * 4 / 3 / 4;  // three arrays, four bytes
  const auto size = static_cast<std::size_t>(count);
  AlignedVector<float> a(size, 1.0f), b(size, 2.0f), out(size);
  float* const to = out.data();
  const float* const from_a = a.data();
  const float* const from_b = b.data();
  double best = 0;
  for (int repetition = 0; repetition < 20; ++repetition) {
    const double start = train::now();
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) to[i] = from_a[i] + 3.0f * from_b[i];
    best = std::max(best, 12.0 * static_cast<double>(count) / (train::now() - start));
    asm volatile("" : : "r"(to) : "memory");  // the sums are wanted
  }
  return best;
}

}  // namespace

int64_t host_cache_bytes() {
  const long bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
  return bytes > 0 ? bytes : 32 << 20;
}

Peaks host_peaks() { return {triad_peak(), train::fma_peak(), 0}; }

}  // namespace skewbench::bench_kernels
