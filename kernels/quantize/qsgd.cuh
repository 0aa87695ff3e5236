// What the CUDA versions of QSGD share: where a chunk of a bucket lies, and a scale from its parts. For .cu files of this folder.
#pragma once

#include "kernels/quantize/ordered_sum.cuh"
#include "kernels/quantize/qsgd.h"
#include "kernels/quantize/rounding.h"

namespace skewbench::quantize {

/// A problem as kernels need it.
struct Buckets {
  int64_t count;
  int64_t bucket;  // no longer than the tensor needs
  int64_t number;
  unsigned parts;  // chunks of a bucket; those that the last bucket lacks are empty
  int bits;
  float levels;
  bool is_maximum;

  explicit Buckets(const Qsgd& problem)
      : count(problem.count), bucket(problem.bucket), number(problem.buckets()), bits(problem.bits()),
        levels(static_cast<float>(problem.levels)), is_maximum(problem.norm == Norm::maximum) {
    const int64_t longest = device::ceil_div(count, kGroup) * kGroup;
    if (bucket > longest) bucket = longest;
    parts = static_cast<unsigned>(device::ceil_div(bucket, kChunk));
  }
  unsigned chunks() const { return static_cast<unsigned>(number * parts); }

  /// Coordinates [begin, end) of chunk `chunk`, [0, chunks()).
  struct Range {
    int64_t begin, end;
  };
  __device__ Range range(unsigned chunk) const {
    const int64_t first = chunk / parts * bucket, begin = first + chunk % parts * kChunk;
    return {begin, min(min(begin + kChunk, first + bucket), count)};
  }
};

/// What norms add up or compare: a coordinate's share.
__device__ inline double share(float v, bool is_maximum) { return is_maximum ? fabs(double(v)) : double(v) * double(v); }

/// Calls with the operation of the norm. Uniform, and cheaper than two kernels.
template <class Call>
__device__ double with_norm(bool is_maximum, Call call) {
  return is_maximum ? call(Larger()) : call(Plus());
}

__device__ inline uint32_t scale_of(double shares, bool is_maximum) {
  return scale_bits(static_cast<float>(is_maximum ? shares : sqrt(shares)));
}

}  // namespace skewbench::quantize
