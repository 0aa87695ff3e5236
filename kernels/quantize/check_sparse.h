// Refusals of sparse messages. For .cc files of this folder.
#pragma once

#include "kernels/quantize/check.h"
#include "kernels/quantize/sparse.h"

namespace skewbench::quantize {

/// Refuses a bad problem, and indices that do not ascend or leave the tensor: they may have come over a wire.
inline void require_indices(const Sparse& problem, const int32_t* indices) {
  require(why_not(problem));
  int64_t before = -1;
  for (int64_t j = 0; j < problem.k; ++j) {
    REQUIRE(indices[j] > before && indices[j] < problem.count, "index {} of {} is {} after {}: indices must ascend within [0, {})", j,
            problem.k, indices[j], before, problem.count);
    before = indices[j];
  }
}

}  // namespace skewbench::quantize
