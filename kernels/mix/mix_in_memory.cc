#include "kernels/mix/mix_in_memory.h"

#include "kernels/base/error.h"

namespace skewbench::mix {

template <>
void mix(Memory memory, std::span<const Input<float>> inputs, int64_t count, float* out, int64_t out_stride) {
  if (!memory.on_device()) return mix_host<float>(inputs, count, out, out_stride);
  if (count > 0) mix_on_device(memory.queue(), inputs, count, out, out_stride);
}

template <>
void mix(Memory memory, std::span<const Input<double>> inputs, int64_t count, double* out, int64_t out_stride) {
  REQUIRE(!memory.on_device(), "{} doubles on a device: vectors of doubles are mixed on the host only", count);
  mix_host<double>(inputs, count, out, out_stride);
}

}  // namespace skewbench::mix
