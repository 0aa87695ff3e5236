// The k largest of n 32-bit keys on the device: what top_k and random_k have in common. All pointers are device memory.
#pragma once

#include <cstdint>

#include "kernels/base/stream.h"

namespace skewbench::quantize {

/// indices [k], ascending, of the k largest keys, a key being words[i] & mask; of equal keys the lowest index wins. 1 <= k <= count < 2^31.
struct RadixSelect {
  int64_t count, k;
  const uint32_t* words;
  uint32_t mask;
  int32_t* indices;
};

namespace v1 {  // byte_digits
int64_t radix_select_bytes(int64_t count);  ///< of workspace
void radix_select(const RadixSelect&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // eleven_bit_digits; words 16-byte aligned
int64_t radix_select_bytes(int64_t count);
void radix_select(const RadixSelect&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::quantize
