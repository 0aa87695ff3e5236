// The three products of a linear layer, as gemm_plan.h's C[rows, columns] = sum over depth of A * B:
//
//                       C          A                  B                        depth
//   forward             y [n,k]    x, along depth     weights, along depth     c
//   input gradient      dx [n,c]   dy, along depth    weights, along rows      k
//   weight gradient     dw [k,c]   dy, along rows     x, along rows            n
#pragma once

#include "kernels/base/gemm_plan.h"
#include "kernels/base/ordered_sums.h"
#include "kernels/linear/linear_arguments.h"

namespace skewbench::linear {

inline gemm::Plan plan(const Forward& a, gemm::TileSize tile) { return gemm::plan(tile, a.n, a.problem.k, a.problem.c); }
inline gemm::Plan plan(const BackwardInput& a, gemm::TileSize tile) { return gemm::plan(tile, a.n, a.problem.c, a.problem.k); }
inline gemm::Plan plan(const BackwardWeights& a, gemm::TileSize tile) { return gemm::plan(tile, a.problem.k, a.problem.c, a.n); }

inline int64_t outputs(const Forward& a) { return a.n * a.problem.k; }
inline int64_t outputs(const BackwardInput& a) { return a.n * a.problem.c; }
inline int64_t outputs(const BackwardWeights& a) { return a.problem.k * a.problem.c; }

/// Bytes of the parts of a split product.
template <class Arguments>
int64_t parts_bytes(const Arguments& a, gemm::TileSize tile) {
  const int64_t splits = plan(a, tile).splits;
  return splits > 1 ? splits * device::part_pitch(outputs(a)) * 4 : 0;
}

/// The bias gradient; its workspace lies behind `bytes` of others.
inline void bias_gradient(const BackwardWeights& a, void* workspace, int64_t bytes, device::Stream stream) {
  if (a.dbias) device::column_sums(a.n, a.problem.k, a.dy, a.dbias, a.accumulate, static_cast<char*>(workspace) + bytes, stream);
}

}  // namespace skewbench::linear
