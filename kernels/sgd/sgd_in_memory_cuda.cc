#include "kernels/sgd/sgd_in_memory.h"

namespace skewbench::sgd {

device::Operation<Step> cuda_operation() { return {"sgd", step_versions(), nullptr, nullptr}; }

std::shared_ptr<DeviceLayout> layout_on_device(const Layout& layout) { return std::make_shared<DeviceLayout>(layout); }

void step_on_device(device::Queue& queue, const DeviceLayout& layout, const Options& options, const float* x,
                    const float* gradient, float* momentum, float* x_out, bool update_momentum) {
  queue.launch(cuda_operation(), Step{layout.table(), options, x, gradient, momentum, x_out, update_momentum});
}

}  // namespace skewbench::sgd
