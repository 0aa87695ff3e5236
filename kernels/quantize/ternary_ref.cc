#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/quantize/check.h"
#include "kernels/quantize/ordered_sum.h"
#include "kernels/quantize/ternary.h"

namespace skewbench::quantize {

float ternary_scale_ref(const Ternary& problem, const float* x) {
  require(why_not(problem));
  const int64_t count = problem.count;
  float scale = 0;
  if (problem.clip > 0 && count > 1) {
    const auto deviation = [=](int64_t i) { return double(x[i]) - double(x[0]); };
    const double sum = ordered_sum_ref(count, deviation);
    const double squares = ordered_sum_ref(count, [=](int64_t i) { return deviation(i) * deviation(i); });
    const double variance = (squares - sum * sum / double(count)) / double(count);
    scale = static_cast<float>(double(problem.clip) * std::sqrt(variance));
  } else {
    for (int64_t i = 0; i < count; ++i) scale = std::isnan(x[i]) || std::isnan(scale) ? NAN : std::max(scale, std::fabs(x[i]));
  }
  return std::isfinite(scale) ? scale : std::bit_cast<float>(0x7FC00000u);
}

void ternary_encode_ref(const Ternary& problem, const Draws& draws, const float* x, float limit, float scale, uint32_t* message) {
  require(why_not(problem));
  require(why_not_draws(draws, problem.count));
  const bool is_usable = std::isfinite(limit) && std::isfinite(scale) && limit >= 0 && scale >= 0;
  std::fill_n(message, problem.message_words(), 0u);
  message[0] = is_usable ? std::bit_cast<uint32_t>(std::fabs(scale)) : 0x7FC00000u;
  if (!is_usable || scale == 0) return;
  for (int64_t i = 0; i < problem.count; ++i) {
    const float a = std::min({std::fabs(x[i]), limit, scale});
    if (a < scale && double(draws.of(i)) * 0x1p-32 >= double(a / scale)) continue;
    message[1 + 2 * (i / 32)] |= (x[i] < 0 ? 1u : 0u) << (i % 32);
    message[1 + 2 * (i / 32) + 1] |= 1u << (i % 32);
  }
}

}  // namespace skewbench::quantize
