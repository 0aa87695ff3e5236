// Two passes: a chunk's magnitudes are added up and its signs packed while it is in the first-level cache; then what is kept.
#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/quantize/check.h"
#include "kernels/quantize/ordered_sum_host.h"
#include "kernels/quantize/rounding.h"
#include "kernels/quantize/scaled_sign.h"

namespace skewbench::quantize {
namespace {

// Sum of the magnitudes of p [count], and its signs.
template <class Coordinate>
double chunk(int64_t count, Coordinate p, uint32_t* signs) {
  int64_t i = 0;
  for (; i + kGroup <= count; i += kGroup) {
    uint32_t word = 0;
#pragma omp simd reduction(| : word)
    for (int bit = 0; bit < kGroup; ++bit) word |= (p(i + bit) < 0 ? 1u : 0u) << bit;
    signs[i / kGroup] = word;
  }
  if (i < count) signs[i / kGroup] = 0;
  for (; i < count; ++i) signs[i / kGroup] |= (p(i) < 0 ? 1u : 0u) << (i % kGroup);
  return lane_sum(count, [=](int64_t e) { return double(std::fabs(p(e))); });
}

// p(i) for all i: the scale as it stands in the message, and the signs.
template <class Coordinate>
void encode(int64_t count, Coordinate p, uint32_t* message) {
  const double sum = lane_sum((count + kChunk - 1) / kChunk, [=](int64_t c) {
    const int64_t begin = c * kChunk;
    return chunk(std::min(kChunk, count - begin), [=](int64_t i) { return p(begin + i); }, message + 1 + begin / kGroup);
  });
  message[0] = scale_bits(static_cast<float>(sum / double(count)));
}

}  // namespace

std::string why_not(const ScaledSign& problem) { return why_not_count(problem.count); }

void scaled_sign_encode_host(const ScaledSign& problem, const float* x, float* memory, uint32_t* message) {
  require(why_not(problem));
  if (!memory) {
    encode(problem.count, [=](int64_t i) { return x[i]; }, message);
    return;
  }
  encode(problem.count, [=](int64_t i) { return x[i] + memory[i]; }, message);
  const float scale = std::bit_cast<float>(message[0]);
#pragma omp simd
  for (int64_t i = 0; i < problem.count; ++i) memory[i] = kept_of_sign(x[i] + memory[i], scale);
}

void scaled_sign_decode_host(const ScaledSign& problem, const uint32_t* message, float* out, bool add) {
  require(why_not(problem));
  const float scale = std::bit_cast<float>(message[0]);
  for (int64_t begin = 0; begin < problem.count; begin += kGroup) {
    const uint32_t signs = message[1 + begin / kGroup];
    const int64_t length = std::min<int64_t>(kGroup, problem.count - begin);
    if (add) {
#pragma omp simd
      for (int64_t i = 0; i < length; ++i) out[begin + i] += signs >> i & 1 ? -scale : scale;
    } else {
#pragma omp simd
      for (int64_t i = 0; i < length; ++i) out[begin + i] = signs >> i & 1 ? -scale : scale;
    }
  }
}

}  // namespace skewbench::quantize
