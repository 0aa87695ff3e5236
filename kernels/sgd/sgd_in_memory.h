// One step of SGD on vectors wherever they lie.
#pragma once

#include "kernels/base/memory.h"
#include "kernels/sgd/sgd.h"

namespace skewbench::sgd {

/// step_host, or on a device the CUDA version that its queue chooses: the same bits. All vectors lie in `memory`. T = float
/// or double; doubles lie on the host.
template <class T>
void step(Memory memory, const Layout& layout, const Options& options, const T* x, const T* gradient, T* momentum, T* x_out,
          bool update_momentum);

}  // namespace skewbench::sgd
