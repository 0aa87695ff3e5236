// Indices are checked once, then the loops have nothing in their way; zeros are written by the library's own fill.
#include <algorithm>
#include <limits>

#include "kernels/quantize/check_sparse.h"

namespace skewbench::quantize {

std::string why_not(const Sparse& problem) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  if (problem.count < 1 || problem.count > kMost) return fmt::format("{} coordinates: there must be 1 to {}", problem.count, kMost);
  if (problem.k < 1 || problem.k > problem.count) return fmt::format("{} of {} coordinates: there must be at least one and no more than all", problem.k, problem.count);
  return "";
}

void gather_host(const Sparse& problem, const int32_t* indices, const float* x, float factor, float* values) {
  require_indices(problem, indices);
  if (factor == 1)
    for (int64_t j = 0; j < problem.k; ++j) values[j] = x[indices[j]];
  else
    for (int64_t j = 0; j < problem.k; ++j) values[j] = factor * x[indices[j]];
}

void take_host(const Sparse& problem, const int32_t* indices, float* x, float* values) {
  gather_host(problem, indices, x, 1, values);
  for (int64_t j = 0; j < problem.k; ++j) x[indices[j]] = 0;
}

void scatter_host(const Sparse& problem, const int32_t* indices, const float* values, float* out, bool add) {
  require_indices(problem, indices);
  if (add) {
    for (int64_t j = 0; j < problem.k; ++j) out[indices[j]] += values[j];
    return;
  }
  std::fill_n(out, problem.count, 0.0f);
  for (int64_t j = 0; j < problem.k; ++j) out[indices[j]] = values[j];
}

}  // namespace skewbench::quantize
