// The k largest of n 32-bit keys, without sorting them: what top_k.h and random_k.h have in common on the CPU.
#pragma once

#include <cstdint>
#include <span>

namespace skewbench::quantize {

/// indices [k], ascending, of the k largest keys; of equal keys the lowest index wins.
void radix_select_host(std::span<const uint32_t> keys, int64_t k, int32_t* indices);

}  // namespace skewbench::quantize
