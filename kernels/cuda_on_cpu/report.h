// The words of a finding.
#pragma once

#include <string>

#include "kernels/cuda_on_cpu/block.h"

namespace skewbench::cuda_on_cpu {

/// A kernel's name as in the source.
std::string demangled(const char* name);

/// "(3,0,0)"
std::string in_brackets(const uint32_t (&index)[3]);

/// "thread (5,0,0)", with the block's index where that differs from `block`.
std::string thread_name(const Block& block, uint32_t thread);

/// "file:line: PTX text"
std::string at(const Place* place);

/// The whole report of what one thread did.
std::string report(const Launch& launch, const uint32_t (&block)[3], const MachineThread& thread, const Place* place,
                   const std::string& what);

}  // namespace skewbench::cuda_on_cpu
