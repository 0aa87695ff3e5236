#include "kernels/quantize/image_levels.h"

#include <algorithm>
#include <type_traits>

#include "kernels/quantize/check.h"

namespace skewbench::quantize {

void image_levels_encode_ref(const ImageLevels& problem, const Draws& draws, const uint8_t* images, uint32_t* message) {
  require(why_not(problem));
  require(why_not_draws(draws, problem.count));
  const int64_t range = problem.hi - problem.lo, steps = (1 << problem.bits) - 1;
  std::fill_n(message, problem.message_words(), 0u);
  for (int64_t i = 0; i < problem.count; ++i) {
    const int64_t above = std::clamp<int64_t>(images[i], problem.lo, problem.hi) - problem.lo;
    int64_t level = (2 * above * steps + range) / (2 * range);
    if (problem.rounding == Rounding::stochastic) {
      level = above * steps / range;
      if (int64_t{draws.of(i)} * range < (above * steps % range) * (int64_t{1} << 32)) ++level;
    }
    for (int p = 0; p < problem.bits; ++p) message[i / 32 * problem.bits + p] |= static_cast<uint32_t>(level >> p & 1) << (i % 32);
  }
}

template <class T>
void image_levels_decode_ref(const ImageLevels& problem, const uint32_t* message, T* images) {
  require(why_not(problem));
  const int64_t range = problem.hi - problem.lo, steps = (1 << problem.bits) - 1;
  for (int64_t i = 0; i < problem.count; ++i) {
    int64_t level = 0;
    for (int p = 0; p < problem.bits; ++p) level |= int64_t{message[i / 32 * problem.bits + p] >> (i % 32) & 1} << p;
    if constexpr (std::is_same_v<T, float>)
      images[i] = static_cast<float>(problem.lo) + static_cast<float>(level * range) / static_cast<float>(steps);
    else
      images[i] = static_cast<uint8_t>(problem.lo + (2 * level * range + steps) / (2 * steps));
  }
}

template void image_levels_decode_ref(const ImageLevels&, const uint32_t*, uint8_t*);
template void image_levels_decode_ref(const ImageLevels&, const uint32_t*, float*);

}  // namespace skewbench::quantize
