// The places where the mutable kernels of a program can be changed, numbered as active_mutant counts them (thread.h).
#pragma once

#include <span>

#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

/// Those of all translated files of this program; empty where none was translated with --mutants.
std::span<const MutationSite> mutation_sites();

}  // namespace skewbench::cuda_on_cpu
