// One pass for the scale, whose two sums are built side by side chunk by chunk; one for groups of 32 coordinates.
#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "kernels/quantize/bit_planes_host.h"
#include "kernels/quantize/check.h"
#include "kernels/quantize/draws_host.h"
#include "kernels/quantize/magnitude_host.h"
#include "kernels/quantize/ordered_sum_host.h"
#include "kernels/quantize/ternary_rounding.h"

namespace skewbench::quantize {

std::string why_not(const Ternary& problem) {
  if (const std::string count = why_not_count(problem.count); !count.empty()) return count;
  if (!(problem.clip >= 0) || std::isinf(problem.clip)) return fmt::format("clipping at {} standard deviations: it must be positive, or 0 for none", problem.clip);
  return "";
}

float ternary_scale_host(const Ternary& problem, const float* x) {
  require(why_not(problem));
  const int64_t count = problem.count;
  if (!is_clipped(problem)) return std::bit_cast<float>(scale_bits(largest_magnitude(count, x)));
  const double first = x[0];
  std::vector<double> sums(static_cast<std::size_t>((count + kChunk - 1) / kChunk)), squares(sums.size());
  for (std::size_t c = 0; c < sums.size(); ++c) {
    const int64_t begin = static_cast<int64_t>(c) * kChunk, length = std::min(kChunk, count - begin);
    const auto deviation = [=](int64_t i) { return double(x[begin + i]) - first; };
    sums[c] = lane_sum(length, deviation);
    squares[c] = lane_sum(length, [=](int64_t i) { return deviation(i) * deviation(i); });
  }
  const auto all = [](const std::vector<double>& of) {
    return lane_sum(std::ssize(of), [&](int64_t c) { return of[static_cast<std::size_t>(c)]; });
  };
  return std::bit_cast<float>(clipped_scale_bits(all(sums), all(squares), count, problem.clip));
}

void ternary_encode_host(const Ternary& problem, const Draws& draws, const float* x, float limit, float scale, uint32_t* message) {
  require(why_not(problem));
  require(why_not_draws(draws, problem.count));
  message[0] = agreed_scale_bits(limit, scale);
  const float agreed = std::bit_cast<float>(message[0]);
  if (!(agreed > 0)) {
    std::fill_n(message + 1, problem.message_words() - 1, 0u);
    return;
  }
  for (int64_t begin = 0; begin < problem.count; begin += kGroup) {
    alignas(64) uint32_t of_group[kGroup], codes[kGroup] = {};
    draw_quads<kGroup / 4>(draws, begin, of_group);
    const int64_t length = std::min<int64_t>(kGroup, problem.count - begin);
#pragma omp simd
    for (int64_t i = 0; i < length; ++i) codes[i] = ternary_code(x[begin + i], limit, agreed, of_group[i]);
    pack_group(codes, 2, message + 1 + begin / kGroup * 2);
  }
}

}  // namespace skewbench::quantize
