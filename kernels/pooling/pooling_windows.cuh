// Which input rows a pooling window sees and which windows see an input row, as the rungs need them on the device.
#pragma once

#include "kernels/base/launch.h"
#include "kernels/pooling/pooling.h"

namespace skewbench::pooling {

/// A Problem in ints, each of whose rows (w * c and q * c floats) fits into one; the global average is a window over all.
struct Geometry {
  explicit Geometry(const Problem& problem)
      : h(static_cast<int>(problem.h)),
        w(static_cast<int>(problem.w)),
        c(static_cast<int>(problem.c)),
        p(static_cast<int>(problem.p())),
        q(static_cast<int>(problem.q())),
        window(static_cast<int>(problem.window)),
        stride(static_cast<int>(problem.stride)),
        pad(static_cast<int>(problem.pad)) {
    if (problem.kind != Kind::global_average) return;
    window = h > w ? h : w;
    stride = 1;
    pad = 0;
  }
  int h, w, c, p, q, window, stride, pad;
};

struct Span {
  int begin, end;
};

/// The taps of window number `index` that lie inside the image, along one direction; never none.
__device__ inline Span taps_inside(const Geometry& g, int index, int extent) {
  const int start = index * g.stride - g.pad;
  const Span taps{max(0, -start), min(g.window, extent - start)};
  __builtin_assume(taps.begin < taps.end);  // loops over them need not ask before the first turn
  return taps;
}

/// The windows, of `count`, that see image coordinate `at`; none where the stride leaves gaps.
__device__ inline Span windows_over(const Geometry& g, int at, int count) {
  const unsigned first = max(at + g.pad - g.window + g.stride, 0), last = at + g.pad, stride = g.stride;
  return {static_cast<int>(first / stride), min(static_cast<int>(last / stride) + 1, count)};
}

/// The grid of every rung: blockIdx.x is a row of all images, blockIdx.y and the threads divide the row's `items`.
inline dim3 row_grid(int64_t rows, int64_t items, int64_t block) {
  return {static_cast<unsigned>(rows), static_cast<unsigned>(device::ceil_div(items, block))};
}

}  // namespace skewbench::pooling
