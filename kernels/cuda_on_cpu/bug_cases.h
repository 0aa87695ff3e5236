// Test kernels that have exactly one bug each, and twins without it. The .cu files say how both are launched and what the
// finding must say; bug_cases_test.h runs them in every thread order. Light enough for nvcc.
#pragma once

#include <cuda_runtime_api.h>

namespace skewbench::cuda_on_cpu {

/// What a case may use: device memory, and the launches are asynchronous.
struct BugData {
  static constexpr int kFloats = 4096;
  float* floats;  ///< kFloats of them, element i is i
};

struct BugCase {
  const char* name;
  const char* says[4];  ///< parts of the finding's text; null where there are fewer
  cudaError_t error;    ///< that the next wait returns
  void (*buggy)(const BugData& data);
  void (*right)(const BugData& data);
};

#if defined(__CUDACC__)
/// kernel<<<blocks, threads>>>(data.floats)
template <void (*kernel)(float*), int blocks, int threads>
void start(const BugData& data) {
  kernel<<<blocks, threads>>>(data.floats);
}
#endif

}  // namespace skewbench::cuda_on_cpu
