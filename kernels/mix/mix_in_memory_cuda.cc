#include "kernels/mix/mix_in_memory.h"

namespace skewbench::mix {

device::Operation<Mix<float>> cuda_operation() { return {"mix", mix_versions<float>(), nullptr, nullptr}; }

void mix_on_device(device::Queue& queue, std::span<const Input<float>> inputs, int64_t count, float* out, int64_t out_stride) {
  queue.launch(cuda_operation(), Mix<float>{inputs, count, out, out_stride});
}

}  // namespace skewbench::mix
