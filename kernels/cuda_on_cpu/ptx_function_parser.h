// The part of the parser that reads functions; internal to it.
#pragma once

#include "kernels/cuda_on_cpu/ptx_cursor.h"
#include "kernels/cuda_on_cpu/ptx_module.h"

namespace skewbench::cuda_on_cpu::ptx {

/// What follows ".global", ".param" ...: alignment, type, name, extent.
Variable parse_variable(Cursor& cursor, Variable::Space space);
/// The end of it alone: "name[8]", as behind the comma of ".param .b32 a, b[8];".
void parse_name_and_extent(Cursor& cursor, Variable& variable);

/// What follows ".entry" or ".func": results, name, parameters, directives, and the body where there is one.
Function parse_function(Cursor& cursor, bool entry, Origin origin);

}  // namespace skewbench::cuda_on_cpu::ptx
