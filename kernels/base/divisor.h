// Division of indices by a number that is fixed for a whole launch. Light enough for .cu files.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define SKEWBENCH_HOST_DEVICE __host__ __device__
#else
#define SKEWBENCH_HOST_DEVICE
#endif

namespace skewbench {

/// Quotients of numbers in [0, 2^31) by a divisor in [1, 2^31): one multiplication and one shift, where a GPU's division
/// is a subroutine of some twenty instructions.
///
/// With s = ceil(log2 divisor) and multiplier = ceil(2^(31+s) / divisor) < 2^32, multiplier * divisor exceeds 2^(31+s) by
/// e < divisor <= 2^s. So number * multiplier / 2^(31+s) exceeds the true quotient by number * e / (2^(31+s) * divisor)
/// < 1 / divisor, which never reaches the next integer.
struct Divisor {
  uint32_t value, multiplier, shift;

  SKEWBENCH_HOST_DEVICE constexpr explicit Divisor(uint32_t divisor) : value(divisor), multiplier(0), shift(31) {
    while ((uint64_t{1} << (shift - 31)) < divisor) ++shift;
    multiplier = static_cast<uint32_t>(((uint64_t{1} << shift) + divisor - 1) / divisor);
  }
  SKEWBENCH_HOST_DEVICE constexpr int quotient(int number) const {
    return static_cast<int>((static_cast<uint64_t>(static_cast<uint32_t>(number)) * multiplier) >> shift);
  }
  SKEWBENCH_HOST_DEVICE constexpr int remainder(int number, int quotient) const { return number - quotient * static_cast<int>(value); }
};

}  // namespace skewbench
