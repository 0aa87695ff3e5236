// What translated files have made known: kernels and variables by the names that nvcc's host code uses.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

/// Null where no translated file has it.
const Kernel* find_kernel(const std::string& name);

/// Where dynamic shared memory starts.
inline uint32_t shared_begin(const Kernel& kernel) { return (kernel.static_shared_bytes + 15) / 16 * 16; }

struct Variable {
  uint64_t address = 0, bytes = 0;
  uint32_t definitions = 0;  ///< files that have one of this name: more than one cannot be told apart
};
const Variable* find_variable(const std::string& name);

}  // namespace skewbench::cuda_on_cpu
