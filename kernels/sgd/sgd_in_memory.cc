#include "kernels/sgd/sgd_in_memory.h"

#include "kernels/base/error.h"

namespace skewbench::sgd {

template <class T>
void step(Memory memory, const Layout& layout, const Options& options, const T* x, const T* gradient, T* momentum, T* x_out,
          bool update_momentum) {
  REQUIRE(!memory.on_device(), "vectors on a device cannot be updated by this program");
  step_host(layout, options, x, gradient, momentum, x_out, update_momentum);
}

template void step(Memory, const Layout&, const Options&, const float*, const float*, float*, float*, bool);
template void step(Memory, const Layout&, const Options&, const double*, const double*, double*, double*, bool);

}  // namespace skewbench::sgd
