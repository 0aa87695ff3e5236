// All random numbers side by side in vector registers, then radix select.
#include <vector>

#include "kernels/quantize/check.h"
#include "kernels/quantize/draws_host.h"
#include "kernels/quantize/radix_select.h"
#include "kernels/quantize/random_k.h"

namespace skewbench::quantize {

void random_k_host(const Sparse& problem, const Draws& draws, int32_t* indices) {
  require(why_not(problem));
  require(why_not_draws(draws, problem.count));
  constexpr int kQuads = 16;
  constexpr int64_t kRun = 4 * kQuads;
  std::vector<uint32_t> numbers(static_cast<std::size_t>((problem.count + kRun - 1) / kRun * kRun));  // those behind the last are not looked at
  for (int64_t begin = 0; begin < problem.count; begin += kRun) draw_quads<kQuads>(draws, begin, numbers.data() + begin);
  radix_select_host({numbers.data(), static_cast<std::size_t>(problem.count)}, problem.k, indices);
}

}  // namespace skewbench::quantize
