// A convolution's three directions as matrix products, gemm_plan.h's C[rows, columns] = sum over depth of A * B. No operand is
// ever written out as a matrix: views (conv2d_views.cuh) find an element where it lies in its image.
//
//                     C            rows                columns    depth              A               B
//   forward           y            pixels n,p,q        k          taps r,s,c         x, along depth  filter, along depth
//   input gradient    dx           pixels n,h,w        c          taps r,s,k         dy, along depth filter, along columns
//   filter gradient   dfilter      k                   taps r,s,c pixels n,p,q       dy, along rows  x, along columns
//
// The input gradient with a stride: pixel h sees tap r only where h + pad - r is a multiple of the stride. So it falls into stride^2
// parts, one per remainder of (h + pad, w + pad), and each is the input gradient of a convolution with stride 1 and the taps
// of the same remainder: no product with a tap that cannot contribute.
#pragma once

#include "kernels/base/divisor.h"
#include "kernels/base/gemm_plan.h"
#include "kernels/base/launch.h"
#include "kernels/base/ordered_sums.h"
#include "kernels/conv2d/conv2d_arguments.h"

namespace skewbench::conv2d {

/// The problem as kernels use it: indices inside one image are ints, and what is divided by in inner loops is a Divisor.
struct Shape {
  int h, w, c, k, r, s, stride, pad, p, q;
  Divisor by_c, by_s, by_k, by_q, by_pq;
  Divisor by_few_taps, by_more_taps;  ///< columns of the filter in a part: floor(s / stride), for the first s % stride parts one more

  explicit Shape(const Problem& of)
      : h(int(of.h)), w(int(of.w)), c(int(of.c)), k(int(of.k)), r(int(of.r)), s(int(of.s)), stride(int(of.stride)), pad(int(of.pad)),
        p(int(of.p())), q(int(of.q())), by_c(unsigned(c)), by_s(unsigned(s)), by_k(unsigned(k)), by_q(unsigned(q)), by_pq(unsigned(p * q)),
        by_few_taps(unsigned(s < stride ? 1 : s / stride)), by_more_taps(unsigned(s / stride + 1)) {}
};

/// The most that a part of the input gradient can have, in pixels of one image and in taps.
inline int64_t part_pixels(const Problem& of) { return device::ceil_div(of.h, of.stride) * device::ceil_div(of.w, of.stride); }
inline int64_t part_taps(const Problem& of) { return device::ceil_div(of.r, of.stride) * device::ceil_div(of.s, of.stride) * of.k; }

inline gemm::Plan plan(const Forward& a, gemm::TileSize tile) {
  return gemm::plan(tile, a.n * a.problem.p() * a.problem.q(), a.problem.k, a.problem.r * a.problem.s * a.problem.c);
}
inline gemm::Plan plan(const BackwardInput& a, gemm::TileSize tile) {
  return gemm::plan(tile, a.n * part_pixels(a.problem), a.problem.c, part_taps(a.problem), a.problem.stride * a.problem.stride);
}
inline gemm::Plan plan(const BackwardFilter& a, gemm::TileSize tile) {
  return gemm::plan(tile, a.problem.k, a.problem.r * a.problem.s * a.problem.c, a.n * a.problem.p() * a.problem.q());
}

inline int64_t outputs(const Forward& a) { return a.problem.y_size(a.n); }
inline int64_t outputs(const BackwardInput& a) { return a.problem.x_size(a.n); }
inline int64_t outputs(const BackwardFilter& a) { return a.problem.filter_size(); }

/// Bytes of the parts of a split product.
template <class Arguments>
int64_t parts_bytes(const Arguments& a, gemm::TileSize tile) {
  const int64_t splits = plan(a, tile).splits;
  return splits > 1 ? splits * device::part_pitch(outputs(a)) * 4 : 0;
}

/// The bias gradient; its workspace lies behind `bytes` of others.
inline void bias_gradient(const BackwardFilter& a, void* workspace, int64_t bytes, device::Stream stream) {
  if (a.dbias)
    device::column_sums(a.n * a.problem.p() * a.problem.q(), a.problem.k, a.dy, a.dbias, a.accumulate, static_cast<char*>(workspace) + bytes, stream);
}

}  // namespace skewbench::conv2d
