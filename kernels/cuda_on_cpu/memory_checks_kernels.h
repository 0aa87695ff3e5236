#pragma once

#include <cuda_runtime_api.h>

#include <span>

#include "kernels/cuda_on_cpu/bug_cases.h"

namespace skewbench::cuda_on_cpu {

std::span<const BugCase> bounds_cases();
std::span<const BugCase> written_before_read_cases();
std::span<const BugCase> async_copy_cases();

/// A correct kernel with so many bytes of dynamic shared memory, after asking for them or not. What the launch returned.
cudaError_t start_with_shared(const BugData& data, std::size_t bytes, bool is_asked_for);

}  // namespace skewbench::cuda_on_cpu
