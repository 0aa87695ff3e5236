#include "kernels/base/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace skewbench {

std::array<uint32_t, 4> philox4x32_10(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  const PhiloxBlock block = philox({counter[0], counter[1], counter[2], counter[3]}, key[0], key[1]);
  return {block.a, block.b, block.c, block.d};
}

Random::Random(uint64_t seed, uint32_t worker, uint32_t step, Purpose purpose)
    : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      counter_{0, static_cast<uint32_t>(purpose), worker, step} {}

uint32_t Random::bits() {
  if (used_ == 4) {
    block_ = philox4x32_10(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[static_cast<std::size_t>(used_++)];
}

uint64_t Random::bits64() {
  const uint64_t low = bits();
  return low | static_cast<uint64_t>(bits()) << 32;
}

double Random::uniform() { return static_cast<double>(bits64() >> 11) * 0x1p-53; }

uint64_t Random::below(uint64_t n) {
  const uint64_t limit = ~uint64_t{0} - (~uint64_t{0} % n + 1) % n;  // last value of the largest whole multiple of n
  uint64_t draw = bits64();
  while (draw > limit) draw = bits64();
  return draw % n;
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u is in (0, 1]: the log is finite
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double Random::log_gamma_draw(double shape) {
  // Marsaglia & Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000.
  if (shape < 1.0) {  // Gamma(a) = Gamma(a + 1) * U^(1/a), in logarithms
    const double boost = std::log(1.0 - uniform()) / shape;
    return log_gamma_draw(shape + 1.0) + boost;
  }
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double z = normal(), root = 1.0 + c * z;
    if (root <= 0.0) continue;
    const double v = root * root * root, u = 1.0 - uniform();
    if (std::log(u) < 0.5 * z * z + d - d * v + d * std::log(v)) return std::log(d * v);
  }
}

double Random::gamma(double shape) { return std::exp(log_gamma_draw(shape)); }

std::vector<int64_t> permutation(int64_t n, Random random) {
  std::vector<int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

}  // namespace skewbench
