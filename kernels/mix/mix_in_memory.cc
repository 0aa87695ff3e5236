#include "kernels/mix/mix_in_memory.h"

#include "kernels/base/error.h"

namespace skewbench::mix {

template <class T>
void mix(Memory memory, std::span<const Input<T>> inputs, int64_t count, T* out, int64_t out_stride) {
  REQUIRE(!memory.on_device(), "vectors on a device cannot be mixed by this program");
  mix_host<T>(inputs, count, out, out_stride);
}

template void mix(Memory, std::span<const Input<float>>, int64_t, float*, int64_t);
template void mix(Memory, std::span<const Input<double>>, int64_t, double*, int64_t);

}  // namespace skewbench::mix
