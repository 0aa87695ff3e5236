// Digit by digit from the top, 11 bits, 11 bits and 10 bits: a histogram says which digit the k-th largest key has, and only the keys
// with that digit go on, which is few of a gradient's. A last pass over all keys writes the indices.
#include "kernels/quantize/radix_select.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

namespace skewbench::quantize {
namespace {

struct Digit {
  int shift, bits;
};
constexpr Digit kDigits[] = {{21, 11}, {10, 11}, {0, 10}};

// The digit of the k-th largest key, and how many keys with this digit are among the k largest.
struct Found {
  uint32_t digit;
  int64_t k;
};
Found find_digit(const Digit& digit, std::span<const uint32_t> keys, int64_t k) {
  std::array<int64_t, 2048> histogram{};
  const uint32_t largest = (1u << digit.bits) - 1;
  for (const uint32_t key : keys) ++histogram[key >> digit.shift & largest];
  uint32_t found = largest;
  while (histogram[found] < k) k -= histogram[found--];
  return {found, k};
}

}  // namespace

void radix_select_host(std::span<const uint32_t> keys, int64_t k, int32_t* indices) {
  uint32_t threshold = 0;  // the k-th largest key, as far as it is known
  int64_t equal = k;       // how many of the keys that agree with it belong to the k largest
  std::vector<uint32_t> candidates, next;
  std::span<const uint32_t> left = keys;
  for (const Digit& digit : kDigits) {
    const Found found = find_digit(digit, left, equal);
    threshold |= found.digit << digit.shift;
    equal = found.k;
    next.clear();
    std::copy_if(left.begin(), left.end(), std::back_inserter(next), [&](uint32_t key) { return key >> digit.shift == threshold >> digit.shift; });
    candidates.swap(next);
    left = candidates;
  }
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] > threshold || (keys[i] == threshold && equal-- > 0)) *indices++ = static_cast<int32_t>(i);
}

}  // namespace skewbench::quantize
