// The part of the parser that reads functions; internal to it.
#pragma once

#include "kernels/cuda_on_cpu/ptx_cursor.h"
#include "kernels/cuda_on_cpu/ptx_module.h"

namespace skewbench::cuda_on_cpu::ptx {

/// What follows ".global", ".param" ...: alignment, type, name, extent.
Variable parse_variable(Cursor& cursor, Variable::Space space);

/// What follows ".entry" or ".func": results, name, parameters, directives, and the body where there is one.
Function parse_function(Cursor& cursor, bool entry, Origin origin);

}  // namespace skewbench::cuda_on_cpu::ptx
