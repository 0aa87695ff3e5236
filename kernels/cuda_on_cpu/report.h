// The words of a finding.
#pragma once

#include <span>
#include <string>

#include "kernels/cuda_on_cpu/block.h"

namespace skewbench::cuda_on_cpu {

/// A kernel's name as in the source.
std::string demangled(const char* name);

/// "(3,0,0)"
std::string in_brackets(std::span<const uint32_t> index);

/// "thread (5,0,0)"
std::string thread_name(const Block& block, uint32_t thread);

/// "file:line: PTX text"
std::string at(const Place* place);

/// The whole report of what one thread did.
std::string report(const Launch& launch, std::span<const uint32_t> block, const MachineThread& thread, const Place* place,
                   const std::string& what);

}  // namespace skewbench::cuda_on_cpu
