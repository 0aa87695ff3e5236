// One step of SGD on vectors wherever they lie.
#pragma once

#include <memory>

#include "kernels/base/memory.h"
#include "kernels/base/queue.h"
#include "kernels/sgd/sgd.h"
#include "kernels/sgd/sgd_cuda.h"

namespace skewbench::sgd {

/// For the vectors of one layout in one memory. T = float or double; doubles lie on the host.
template <class T>
class Stepper {
 public:
  /// The layout must outlive it.
  Stepper(Memory memory, const Layout& layout);

  /// step_host, or on a device the CUDA version that its queue chooses: the same bits.
  void step(const Options& options, const T* x, const T* gradient, T* momentum, T* x_out, bool update_momentum);

 private:
  Memory memory_;
  const Layout& layout_;
  std::shared_ptr<DeviceLayout> on_device_;  // null on the host
};

// What a Stepper calls on a device.
std::shared_ptr<DeviceLayout> layout_on_device(const Layout& layout);
void step_on_device(device::Queue& queue, const DeviceLayout& layout, const Options& options, const float* x,
                    const float* gradient, float* momentum, float* x_out, bool update_momentum);

/// The operation as a queue launches it. Only in a program with CUDA.
device::Operation<Step> cuda_operation();

}  // namespace skewbench::sgd
