// A parsed PTX file as C++ text.
#pragma once

#include <string>

#include "kernels/cuda_on_cpu/ptx_module.h"

namespace skewbench::cuda_on_cpu::ptx {

/// With `mutants`, each place that can be changed asks at run time which mutant is active. Throws Error.
std::string translate(const Module& module, bool mutants);

}  // namespace skewbench::cuda_on_cpu::ptx
