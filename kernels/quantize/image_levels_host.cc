// There are 256 bytes and at most 256 levels, so both directions look up a table that the formulas fill first.
#include <algorithm>
#include <array>
#include <type_traits>

#include "kernels/quantize/bit_planes_host.h"
#include "kernels/quantize/check.h"
#include "kernels/quantize/draws_host.h"
#include "kernels/quantize/image_rounding.h"

namespace skewbench::quantize {

std::string why_not(const ImageLevels& problem) {
  if (const std::string count = why_not_count(problem.count); !count.empty()) return count;
  if (problem.bits < 1 || problem.bits > 8) return fmt::format("{} bits per level: there must be 1 to 8", problem.bits);
  if (problem.lo < 0 || problem.lo >= problem.hi || problem.hi > 255)
    return fmt::format("levels on [{}, {}]: it must be a range of bytes with at least two", problem.lo, problem.hi);
  return "";
}

void image_levels_encode_host(const ImageLevels& problem, const Draws& draws, const uint8_t* images, uint32_t* message) {
  require(why_not(problem));
  require(why_not_draws(draws, problem.count));
  std::array<LevelOfByte, 256> table;
  for (int32_t byte = 0; byte < 256; ++byte) table[static_cast<std::size_t>(byte)] = level_of_byte(problem, byte);
  for (int64_t begin = 0; begin < problem.count; begin += kGroup) {
    alignas(64) uint32_t of_group[kGroup] = {}, levels[kGroup] = {};
    if (problem.rounding == Rounding::stochastic) draw_quads<kGroup / 4>(draws, begin, of_group);
    const int64_t length = std::min<int64_t>(kGroup, problem.count - begin);
    for (int64_t i = 0; i < length; ++i) levels[i] = level_of(table[images[begin + i]], of_group[i]);
    pack_group(levels, problem.bits, message + begin / kGroup * problem.bits);
  }
}

template <class T>
void image_levels_decode_host(const ImageLevels& problem, const uint32_t* message, T* images) {
  require(why_not(problem));
  std::array<T, 256> table{};
  for (uint32_t level = 0; level < 1u << problem.bits; ++level) {
    if constexpr (std::is_same_v<T, float>) table[level] = as_float(problem, level);
    else table[level] = as_byte(problem, level);
  }
  for (int64_t begin = 0; begin < problem.count; begin += kGroup) {
    alignas(64) uint32_t levels[kGroup];
    unpack_group(message + begin / kGroup * problem.bits, problem.bits, levels);
    const int64_t length = std::min<int64_t>(kGroup, problem.count - begin);
    for (int64_t i = 0; i < length; ++i) images[begin + i] = table[levels[i]];
  }
}

template void image_levels_decode_host(const ImageLevels&, const uint32_t*, uint8_t*);
template void image_levels_decode_host(const ImageLevels&, const uint32_t*, float*);

}  // namespace skewbench::quantize
