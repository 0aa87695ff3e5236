// What both versions of mix refuse.
#pragma once

#include "kernels/base/error.h"
#include "kernels/mix/mix.h"

namespace skewbench::mix {

template <class T>
void check(std::span<const Input<T>> inputs, int64_t count, int64_t out_stride) {
  REQUIRE(!inputs.empty(), "mix needs at least one input");
  REQUIRE(count >= 0, "mix of {} elements: the count must not be negative", count);
  REQUIRE(out_stride >= 1, "mix with an output stride of {}: it must be at least 1", out_stride);
  for (const Input<T>& input : inputs)
    REQUIRE(input.stride >= 1, "mix with an input stride of {}: it must be at least 1", input.stride);
}

}  // namespace skewbench::mix
