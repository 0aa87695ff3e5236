// The weighted sum of vectors wherever they lie: what schemes and algorithms call.
#pragma once

#include "kernels/base/memory.h"
#include "kernels/base/queue.h"
#include "kernels/mix/mix.h"
#include "kernels/mix/mix_cuda.h"

namespace skewbench::mix {

/// mix_host, or on a device the CUDA version that its queue chooses: the same bits. Inputs and `out` lie in `memory`.
/// T = float or double; doubles lie on the host.
template <class T>
void mix(Memory memory, std::span<const Input<T>> inputs, int64_t count, T* out, int64_t out_stride);

/// What mix() calls on a device.
void mix_on_device(device::Queue& queue, std::span<const Input<float>> inputs, int64_t count, float* out, int64_t out_stride);

/// The operation as a queue launches it. Only in a program with CUDA.
device::Operation<Mix<float>> cuda_operation();

}  // namespace skewbench::mix
