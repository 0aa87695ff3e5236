// A parsed PTX file as C++ text.
#pragma once

#include <string>

#include "kernels/cuda_on_cpu/ptx_module.h"
#include "kernels/cuda_on_cpu/ptx_mutants.h"

namespace skewbench::cuda_on_cpu::ptx {

/// Of the places that mutants change, all, a few or none ask at run time which mutant is active. Throws Error.
std::string translate(const Module& module, Mutants mutants);

}  // namespace skewbench::cuda_on_cpu::ptx
