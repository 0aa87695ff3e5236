#include "kernels/quantize/top_k.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

#include "kernels/quantize/check.h"

namespace skewbench::quantize {

void top_k_ref(const Sparse& problem, const float* x, int32_t* indices) {
  require(why_not(problem));
  std::vector<int32_t> order(static_cast<std::size_t>(problem.count));
  std::iota(order.begin(), order.end(), 0);
  const auto magnitude = [&](int32_t i) { return std::bit_cast<uint32_t>(x[i]) & 0x7FFFFFFFu; };
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return magnitude(a) > magnitude(b); });
  std::copy_n(order.begin(), problem.k, indices);
  std::sort(indices, indices + problem.k);
}

}  // namespace skewbench::quantize
