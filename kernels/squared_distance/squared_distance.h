// How far two vectors are apart: *out = sum over i of (double(a[i]) - double(b[i]))^2, in double.
#pragma once

#include <cstdint>

#include "kernels/base/memory.h"
#include "kernels/base/queue.h"
#include "kernels/squared_distance/squared_distance_cuda.h"

namespace skewbench::squared_distance {

/// By ascending i, the plain loop: what the results of host runs hold. T is float or double.
template <class T>
void distance_ref(int64_t count, const T* a, const T* b, double* out);

/// distance_ref, or on a device the CUDA version that its queue chooses, whose sum has another fixed order. Vectors and `out`
/// lie in `memory`. 0 only where all elements are equal, not finite where an element is not. Doubles lie on the host.
template <class T>
void distance(Memory memory, int64_t count, const T* a, const T* b, double* out);

/// What distance() calls on a device.
void distance_on_device(device::Queue& queue, int64_t count, const float* a, const float* b, double* out);

/// The operation as a queue launches it. Only in a program with CUDA.
device::Operation<Distance> cuda_operation();

}  // namespace skewbench::squared_distance
