// A bucket at a time: its norm, then groups of 32 coordinates, whose random numbers, levels and bit planes are computed side by
// side in vector registers.
#include <algorithm>
#include <bit>

#include "kernels/quantize/bit_planes_host.h"
#include "kernels/quantize/check.h"
#include "kernels/quantize/draws_host.h"
#include "kernels/quantize/magnitude_host.h"
#include "kernels/quantize/ordered_sum_host.h"
#include "kernels/quantize/qsgd.h"
#include "kernels/quantize/rounding.h"

namespace skewbench::quantize {
namespace {

float norm_of(Norm norm, int64_t count, const float* v) {
  if (norm == Norm::maximum) return largest_magnitude(count, v);
  return static_cast<float>(std::sqrt(ordered_sum(count, [=](int64_t i) { return double(v[i]) * double(v[i]); })));
}

// v[32] to words[bits]
void encode_group(const float* __restrict v, float scale, float levels, const uint32_t* __restrict draws, int bits, uint32_t* words) {
  alignas(64) uint32_t codes[kGroup];
#pragma omp simd
  for (int i = 0; i < kGroup; ++i) codes[i] = signed_code(v[i], stochastic_level(std::fabs(v[i]), scale, levels, draws[i]));
  pack_group(codes, bits, words);
}

}  // namespace

std::string why_not(const Qsgd& problem) {
  if (const std::string count = why_not_count(problem.count); !count.empty()) return count;
  if (problem.bucket < kGroup || problem.bucket % kGroup != 0)
    return fmt::format("buckets of {} coordinates: it must be a positive multiple of {}", problem.bucket, kGroup);
  if (problem.levels < 1 || problem.levels > 65535) return fmt::format("{} levels: there must be 1 to 65535", problem.levels);
  return "";
}

void qsgd_encode_host(const Qsgd& problem, const Draws& draws, const float* x, uint32_t* message) {
  require(why_not(problem));
  require(why_not_draws(draws, problem.count));
  const int bits = problem.bits();
  uint32_t* const codes = message + problem.buckets();
  for (int64_t b = 0; b < problem.buckets(); ++b) {
    const int64_t begin = b * problem.bucket, end = std::min(problem.count, begin + problem.bucket);
    message[b] = scale_bits(norm_of(problem.norm, end - begin, x + begin));
    const float scale = std::bit_cast<float>(message[b]);
    if (!(scale > 0)) {
      std::fill_n(codes + begin / kGroup * bits, plane_words(end - begin, bits), 0u);
      continue;
    }
    for (int64_t i = begin; i < end; i += kGroup) {
      alignas(64) uint32_t of_group[kGroup];
      draw_quads<kGroup / 4>(draws, i, of_group);
      alignas(64) float last[kGroup] = {};  // the group that x does not fill
      const bool whole = i + kGroup <= end;
      if (!whole) std::copy(x + i, x + end, last);
      encode_group(whole ? x + i : last, scale, static_cast<float>(problem.levels), of_group, bits, codes + i / kGroup * bits);
    }
  }
}

void qsgd_decode_host(const Qsgd& problem, const uint32_t* message, float* out, bool add) {
  require(why_not(problem));
  const int bits = problem.bits();
  const uint32_t* const planes = message + problem.buckets();
  const float levels = static_cast<float>(problem.levels);
  for (int64_t b = 0; b < problem.buckets(); ++b) {
    const int64_t begin = b * problem.bucket, end = std::min(problem.count, begin + problem.bucket);
    const float scale = std::bit_cast<float>(message[b]);
    for (int64_t i = begin; i < end; i += kGroup) {
      alignas(64) uint32_t codes[kGroup];
      alignas(64) float values[kGroup];
      unpack_group(planes + i / kGroup * bits, bits, codes);
#pragma omp simd
      for (int j = 0; j < kGroup; ++j) values[j] = decoded(codes[j], scale, levels);
      const int64_t length = std::min<int64_t>(kGroup, end - i);
      if (add)
        for (int64_t j = 0; j < length; ++j) out[i + j] += values[j];
      else
        std::copy_n(values, length, out + i);
    }
  }
}

}  // namespace skewbench::quantize
