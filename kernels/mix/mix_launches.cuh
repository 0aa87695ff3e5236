// A list of inputs as kernel parameters, and a long one as several launches.
#pragma once

#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/mix/mix_cuda.h"

namespace skewbench::mix {

/// The sum before the first input: fma(w, x, -0) is w * x to the bit, a product of -0 included.
inline constexpr double kBefore = -0.0;

/// What one launch adds up. A kernel indexes it in constant memory, where parameters are: all threads read the same input.
template <class T>
struct Group {
  Input<T> inputs[kInputsPerLaunch];
  int input_count;  ///< at least one
  const T* so_far;  ///< the sum of the groups before, stride 1; null in the first
  T* out;
  int64_t out_stride;
  int64_t count;
};

/// launch(group) for the inputs in groups; `workspace` holds the sum between them.
template <class T, class Launch>
void for_each_group(const Mix<T>& a, void* workspace, Launch launch) {
  if (a.count == 0) return;  // a grid of no blocks is an error
  T* const sum = static_cast<T*>(workspace);
  const int64_t inputs = static_cast<int64_t>(a.inputs.size());
  for (int64_t first = 0; first < inputs; first += kInputsPerLaunch) {
    const int64_t left = inputs - first;
    const bool is_last = left <= kInputsPerLaunch;
    Group<T> group{{}, static_cast<int>(is_last ? left : kInputsPerLaunch), first > 0 ? sum : nullptr, is_last ? a.out : sum,
                   is_last ? a.out_stride : 1, a.count};
    for (int k = 0; k < group.input_count; ++k) group.inputs[k] = a.inputs[static_cast<std::size_t>(first + k)];
    launch(group);
  }
}

}  // namespace skewbench::mix
