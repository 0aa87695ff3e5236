#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/quantize/check.h"
#include "kernels/quantize/ordered_sum.h"
#include "kernels/quantize/qsgd.h"

namespace skewbench::quantize {
namespace {

float norm_of(Norm norm, int64_t count, const float* v) {
  if (norm == Norm::two) return static_cast<float>(std::sqrt(ordered_sum_ref(count, [=](int64_t i) { return double(v[i]) * double(v[i]); })));
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (std::isnan(v[i])) return v[i];
    if (std::fabs(v[i]) > largest) largest = std::fabs(v[i]);
  }
  return largest;
}

}  // namespace

void qsgd_encode_ref(const Qsgd& problem, const Draws& draws, const float* x, uint32_t* message) {
  require(why_not(problem));
  require(why_not_draws(draws, problem.count));
  const int64_t buckets = problem.buckets();
  uint32_t* const codes = message + buckets;
  for (int64_t word = buckets; word < problem.message_words(); ++word) message[word] = 0;
  for (int64_t b = 0; b < buckets; ++b) {
    const int64_t begin = b * problem.bucket, end = std::min(problem.count, begin + problem.bucket);
    const float norm = norm_of(problem.norm, end - begin, x + begin);
    message[b] = std::isfinite(norm) ? std::bit_cast<uint32_t>(norm) : 0x7FC00000u;
    if (!std::isfinite(norm) || norm == 0) continue;
    for (int64_t i = begin; i < end; ++i) {
      const float y = (std::fabs(x[i]) / norm) * static_cast<float>(problem.levels);
      float level = std::floor(y);
      if (double(draws.of(i)) * 0x1p-32 < double(y - level)) level += 1;
      const uint32_t code = 2 * static_cast<uint32_t>(level) + (level > 0 && x[i] < 0);
      for (int p = 0; p < problem.bits(); ++p) codes[(i / 32) * problem.bits() + p] |= (code >> p & 1u) << (i % 32);
    }
  }
}

void qsgd_decode_ref(const Qsgd& problem, const uint32_t* message, float* out, bool add) {
  require(why_not(problem));
  const uint32_t* const codes = message + problem.buckets();
  for (int64_t i = 0; i < problem.count; ++i) {
    uint32_t code = 0;
    for (int p = 0; p < problem.bits(); ++p) code |= (codes[(i / 32) * problem.bits() + p] >> (i % 32) & 1u) << p;
    const float scale = std::bit_cast<float>(message[i / problem.bucket]);
    const float magnitude = (static_cast<float>(code / 2) / static_cast<float>(problem.levels)) * scale;
    const float value = code % 2 ? -magnitude : magnitude;
    out[i] = add ? out[i] + value : value;
  }
}

}  // namespace skewbench::quantize
