#include "kernels/quantize/sparse.h"

#include "kernels/quantize/check_sparse.h"

namespace skewbench::quantize {

void gather_ref(const Sparse& problem, const int32_t* indices, const float* x, float factor, float* values) {
  require_indices(problem, indices);
  for (int64_t j = 0; j < problem.k; ++j) values[j] = factor == 1 ? x[indices[j]] : factor * x[indices[j]];
}

void take_ref(const Sparse& problem, const int32_t* indices, float* x, float* values) {
  require_indices(problem, indices);
  for (int64_t j = 0; j < problem.k; ++j) {
    values[j] = x[indices[j]];
    x[indices[j]] = 0;
  }
}

void scatter_ref(const Sparse& problem, const int32_t* indices, const float* values, float* out, bool add) {
  require_indices(problem, indices);
  for (int64_t i = 0; i < problem.count && !add; ++i) out[i] = 0;
  for (int64_t j = 0; j < problem.k; ++j) out[indices[j]] = add ? out[indices[j]] + values[j] : values[j];
}

}  // namespace skewbench::quantize
