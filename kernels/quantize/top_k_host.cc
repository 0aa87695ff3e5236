// Radix select on the bits of |x|.
#include <bit>
#include <vector>

#include "kernels/quantize/check.h"
#include "kernels/quantize/radix_select.h"
#include "kernels/quantize/top_k.h"

namespace skewbench::quantize {

void top_k_host(const Sparse& problem, const float* x, int32_t* indices) {
  require(why_not(problem));
  std::vector<uint32_t> magnitudes(static_cast<std::size_t>(problem.count));
  for (std::size_t i = 0; i < magnitudes.size(); ++i) magnitudes[i] = std::bit_cast<uint32_t>(x[i]) & 0x7FFFFFFFu;
  radix_select_host(magnitudes, problem.k, indices);
}

}  // namespace skewbench::quantize
