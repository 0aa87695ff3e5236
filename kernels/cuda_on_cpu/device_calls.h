// Functions of CUDA's device library that translated code calls: printf and assert.
#pragma once

#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

/// vprintf: `format` and `arguments` hold the addresses of the text and of the arguments; `result` gets their number.
void device_printf(Thread& thread, std::byte* result, const std::byte* format, const std::byte* arguments);

/// __assertfail(message, file, line, function, size of a character): a finding with the assertion's own text.
[[noreturn]] void device_assert_failed(Thread& thread, const std::byte* message, const std::byte* file, const std::byte* line,
                                       const std::byte* function, const std::byte* character, const Place* place);

/// Nanoseconds of a clock that never goes back: %clock and %globaltimer.
uint64_t clock_ticks();

inline uint32_t warps_of(const Thread& thread) { return (thread.ntid[0] * thread.ntid[1] * thread.ntid[2] + 31) / 32; }

}  // namespace skewbench::cuda_on_cpu
