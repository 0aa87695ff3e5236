#include "kernels/sgd/sgd_in_memory.h"

#include <type_traits>

#include "kernels/base/error.h"

namespace skewbench::sgd {

template <class T>
Stepper<T>::Stepper(Memory memory, const Layout& layout) : memory_(memory), layout_(layout) {
  REQUIRE(!memory.on_device() || (std::is_same_v<T, float>), "vectors of doubles are updated on the host only");
  if (memory.on_device()) on_device_ = layout_on_device(layout);
}

template <class T>
void Stepper<T>::step(const Options& options, const T* x, const T* gradient, T* momentum, T* x_out, bool update_momentum) {
  if constexpr (std::is_same_v<T, float>)
    if (on_device_) return step_on_device(memory_.queue(), *on_device_, options, x, gradient, momentum, x_out, update_momentum);
  step_host<T>(layout_, options, x, gradient, momentum, x_out, update_momentum);
}

template class Stepper<float>;
template class Stepper<double>;

}  // namespace skewbench::sgd
