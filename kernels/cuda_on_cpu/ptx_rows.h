// The rows of known_instructions(), story by story; internal to the translator.
#pragma once

#include "kernels/cuda_on_cpu/ptx_emitter.h"

namespace skewbench::cuda_on_cpu::ptx {

std::vector<Row> integer_rows();   ///< ptx_emit_integer.cc: arithmetic of integers
std::vector<Row> bit_rows();       ///< ptx_emit_bits.cc: logic, shifts, bit fields
std::vector<Row> real_rows();      ///< ptx_emit_real.cc: arithmetic of f32 and f64
std::vector<Row> half_rows();      ///< ptx_emit_half.cc: arithmetic of f16, bf16 and pairs of them
std::vector<Row> compare_rows();   ///< ptx_emit_compare.cc: comparisons and selections
std::vector<Row> convert_rows();   ///< ptx_emit_convert.cc: conversions, moves, addresses of other spaces
std::vector<Row> memory_rows();    ///< ptx_emit_memory.cc: loads, stores, atomics
std::vector<Row> control_rows();   ///< ptx_emit_control.cc: branches, calls, fences
std::vector<Row> warp_rows();      ///< ptx_emit_warp.cc: barriers and collectives
std::vector<Row> matrix_rows();    ///< ptx_emit_matrix.cc: tensor cores and asynchronous copies

}  // namespace skewbench::cuda_on_cpu::ptx
