// The CUDA versions of mix.h, for float and double, equal to the reference to the bit. The vectors are device memory; the list
// of inputs is the host's and travels in the kernel's parameters, so nothing is uploaded before a launch.
// Default: the last version in the table that takes the problem.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/versions.h"
#include "kernels/mix/mix.h"

namespace skewbench::mix {

/// Inputs of one launch. More are taken in several: acc, rounded to T already, is kept in scratch memory in between, so the
/// order of operations and the bits are those of one pass. 64 covers every neighbourhood but those of a complete graph.
inline constexpr int64_t kInputsPerLaunch = 64;

template <class T>
struct Mix {
  std::span<const Input<T>> inputs;  ///< host memory; `data` of each is device memory
  int64_t count;
  T* out;  ///< may be one of the inputs (same data and stride)
  int64_t out_stride;
  int64_t bytes_read() const { return static_cast<int64_t>(inputs.size() * sizeof(T)) * count; }
  int64_t bytes_written() const { return static_cast<int64_t>(sizeof(T)) * count; }
  double flops() const { return 0; }  ///< by the suite's convention: convolutions and linear layers only
};

/// T is float or double.
template <class T>
device::Versions<Mix<T>> mix_versions();

// The launchers, one file a version.
namespace v1 {  // strided
void mix_float(const Mix<float>&, void* workspace, device::Stream);
void mix_double(const Mix<double>&, void* workspace, device::Stream);
}  // namespace v1
namespace v2 {  // sixteen_bytes
void mix_float(const Mix<float>&, void* workspace, device::Stream);
void mix_double(const Mix<double>&, void* workspace, device::Stream);
}  // namespace v2

}  // namespace skewbench::mix
