#include "kernels/base/error.h"
#include "kernels/sgd/sgd_in_memory.h"

namespace skewbench::sgd {

std::shared_ptr<DeviceLayout> layout_on_device(const Layout&) { fail("{}", device::why_unusable()); }
void step_on_device(device::Queue&, const DeviceLayout&, const Options&, const float*, const float*, float*, float*, bool) {
  fail("{}", device::why_unusable());
}

}  // namespace skewbench::sgd
