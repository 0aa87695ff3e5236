// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11).
//
// A Random is a stream named by (seed, worker, step, purpose). Two streams with different names are independent; the
// same name gives the same numbers on every rank, at any time and in any order of calls to other streams. So nothing
// that is drawn depends on how many ranks there are. No std:: distribution is used: they differ between libraries.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/base/philox.h"

namespace skewbench {

/// One block of Philox4x32-10: 128 random bits from a 128-bit counter and a 64-bit key.
std::array<uint32_t, 4> philox4x32_10(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

class Random {
 public:
  /// Key = seed (64 bits); counter = (block, purpose, worker, step). At most 2^32 blocks of four words per stream.
  Random(uint64_t seed, uint32_t worker, uint32_t step, Purpose purpose);

  uint32_t bits();               ///< uniform 32 bits
  uint64_t bits64();             ///< uniform 64 bits
  double uniform();              ///< uniform in [0, 1), 53 bits
  uint64_t below(uint64_t n);    ///< uniform in [0, n), n > 0, without bias (rejection)
  double normal();               ///< standard normal (Box-Muller, cosine branch only: one draw, two uniforms)
  double gamma(double shape);    ///< Gamma(shape, 1), shape > 0 (Marsaglia-Tsang; boosted below 1)
  /// log of a Gamma(shape, 1) draw. Stays finite where gamma() underflows to 0, as it does for shape << 1.
  double log_gamma_draw(double shape);

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;  // words of block_ already handed out
};

/// A uniformly random permutation of 0 .. n-1 (Fisher-Yates from the top).
std::vector<int64_t> permutation(int64_t n, Random random);

}  // namespace skewbench
