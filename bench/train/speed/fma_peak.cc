#include "bench/train/speed/fma_peak.h"

#include <algorithm>
#include <cmath>

#include "bench/train/speed/clock.h"

namespace skewbench::train {
namespace {

// One register as wide as this build's instruction set has them.
#ifdef __AVX512F__
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

}  // namespace

// Twelve independent chains: more than latency times throughput of any core.
double fma_peak() {
  constexpr int kChains = 12, kRounds = 200'000;
  Lanes sums[kChains], factor, term;
  for (int lane = 0; lane < kLanes; ++lane) factor[lane] = 0.999f, term[lane] = 0.001f;
  for (Lanes& sum : sums) sum = term;
  double best = 0;
  for (int repetition = 0; repetition < 50; ++repetition) {
    const double start = now();
    for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
      for (int chain = 0; chain < kChains; ++chain)
        for (int lane = 0; lane < kLanes; ++lane)
          sums[chain][lane] = std::fma(sums[chain][lane], factor[lane], term[lane]);
    }
    best = std::max(best, 2.0 * kLanes * kChains * kRounds / (now() - start));
    asm volatile("" : : "m"(sums));  // the sums are wanted
  }
  return best;
}

}  // namespace skewbench::train
