#include <bit>
#include <cmath>

#include "kernels/quantize/check.h"
#include "kernels/quantize/ordered_sum.h"
#include "kernels/quantize/scaled_sign.h"

namespace skewbench::quantize {

void scaled_sign_encode_ref(const ScaledSign& problem, const float* x, float* memory, uint32_t* message) {
  require(why_not(problem));
  const int64_t count = problem.count;
  const auto p = [=](int64_t i) { return memory ? x[i] + memory[i] : x[i]; };
  const float mean = static_cast<float>(ordered_sum_ref(count, [=](int64_t i) { return std::fabs(double(p(i))); }) / double(count));
  message[0] = std::isfinite(mean) ? std::bit_cast<uint32_t>(mean) : 0x7FC00000u;
  for (int64_t word = 1; word < problem.message_words(); ++word) message[word] = 0;
  for (int64_t i = 0; i < count; ++i) {
    const bool is_negative = p(i) < 0;
    if (is_negative) message[1 + i / 32] |= 1u << (i % 32);
    if (memory) memory[i] = std::isfinite(mean) ? p(i) - (is_negative ? -mean : mean) : std::bit_cast<float>(0x7FC00000u);
  }
}

void scaled_sign_decode_ref(const ScaledSign& problem, const uint32_t* message, float* out, bool add) {
  require(why_not(problem));
  const float scale = std::bit_cast<float>(message[0]);
  for (int64_t i = 0; i < problem.count; ++i) {
    const float value = message[1 + i / 32] >> (i % 32) & 1 ? -scale : scale;
    out[i] = add ? out[i] + value : value;
  }
}

}  // namespace skewbench::quantize
