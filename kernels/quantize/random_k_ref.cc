#include "kernels/quantize/random_k.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/quantize/check.h"

namespace skewbench::quantize {

void random_k_ref(const Sparse& problem, const Draws& draws, int32_t* indices) {
  require(why_not(problem));
  require(why_not_draws(draws, problem.count));
  std::vector<int32_t> order(static_cast<std::size_t>(problem.count));
  std::iota(order.begin(), order.end(), 0);
  std::vector<uint32_t> drawn(order.size());
  for (int64_t i = 0; i < problem.count; ++i) drawn[static_cast<std::size_t>(i)] = draws.of(i);
  const auto number = [&](int32_t i) { return drawn[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return number(a) > number(b); });
  std::copy_n(order.begin(), problem.k, indices);
  std::sort(indices, indices + problem.k);
}

}  // namespace skewbench::quantize
