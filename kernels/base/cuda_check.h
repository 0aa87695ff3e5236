// Every CUDA call is checked: an error becomes a skewbench::Error that names call, file, line, and the rank and case that
// error_context() was given. Light enough for .cu files.
#pragma once

#include <cuda_runtime_api.h>

namespace skewbench::device {

/// Throws Error("<call> failed: <CUDA's text> (<CUDA's name>) at <file>:<line>, <context>").
[[noreturn]] void cuda_failed(const char* call, cudaError_t error, const char* file, int line);

}  // namespace skewbench::device

/// CUDA_CALL(cudaMemcpy(...)): the expression is evaluated once.
#define CUDA_CALL(...)                                                                                     \
  do {                                                                                                     \
    const cudaError_t cuda_call_error_ = (__VA_ARGS__);                                                    \
    if (cuda_call_error_ != cudaSuccess)                                                                   \
      ::skewbench::device::cuda_failed(#__VA_ARGS__, cuda_call_error_, __FILE__, __LINE__);                \
  } while (0)

/// After <<<>>>: a launch that the device refused (grid, shared memory, no code for it). What goes wrong while a kernel
/// runs shows at the next wait.
#define CUDA_LAUNCHED(kernel)                                                                              \
  do {                                                                                                     \
    const cudaError_t cuda_launch_error_ = cudaGetLastError();                                             \
    if (cuda_launch_error_ != cudaSuccess)                                                                 \
      ::skewbench::device::cuda_failed("launch of " #kernel, cuda_launch_error_, __FILE__, __LINE__);      \
  } while (0)
