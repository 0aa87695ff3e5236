// The stand-in CUDA runtime: what its files share. Programs include CUDA's own headers and link this instead of libcudart.
//
// It has the calls that the suite makes; a program with another one does not link.
#pragma once

#include <cuda_runtime_api.h>

#include <mutex>

#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

/// First line of an entry point: one call at a time, and the error that every call returns at present.
class Call {
 public:
  Call();
  /// cudaSuccess, or why no call works: no device, an old driver, what an earlier kernel did.
  cudaError_t refusal() const { return refusal_; }

 private:
  std::lock_guard<std::recursive_mutex> lock_;
  cudaError_t refusal_;
};

/// Remembers an error for cudaGetLastError and returns it.
cudaError_t finish(cudaError_t error);

/// Entry points are written as
///   cudaError_t cudaX(...) { ENTER_CALL(); ... return finish(error); }
#define ENTER_CALL()                                                                      \
  const ::skewbench::cuda_on_cpu::Call call_;                                             \
  if (call_.refusal() != cudaSuccess) return ::skewbench::cuda_on_cpu::finish(call_.refusal())

}  // namespace skewbench::cuda_on_cpu
