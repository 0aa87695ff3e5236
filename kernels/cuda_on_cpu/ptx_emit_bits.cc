// Logic, shifts, bit fields.
#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {

std::vector<Row> bit_rows() {
  return {
      {"and (b16|b32|b64)", "T T T", "$1 & $2", nullptr},
      {"or (b16|b32|b64)", "T T T", "$1 | $2", nullptr},
      {"xor (b16|b32|b64)", "T T T", "$1 ^ $2", nullptr},
      {"not (b16|b32|b64)", "T T", "~$1", nullptr},
      {"and pred", "T T T", "$1 & $2", nullptr},
      {"or pred", "T T T", "$1 | $2", nullptr},
      {"xor pred", "T T T", "$1 ^ $2", nullptr},
      {"not pred", "T T", "!$1", nullptr},
      {"cnot (b16|b32|b64)", "T T", "$1 == 0 ? 1 : 0", nullptr},
      {"shl (b16|b32|b64)", "T T u32", "shifted_left($1, $2)", nullptr},
      {"shr (b16|b32|b64|u16|u32|u64|s16|s32|s64)", "T T u32", "shifted_right($1, $2)", nullptr},
      {"shf l mode:(wrap|clamp) b32", "u32 u32 u32 u32", "uint32_t(joined($2, $1) << shift_{mode}($3) >> 32)", nullptr},
      {"shf r mode:(wrap|clamp) b32", "u32 u32 u32 u32", "uint32_t(joined($2, $1) >> shift_{mode}($3))", nullptr},
      {"popc (b32|b64)", "u32 T", "uint32_t(__builtin_popcountll($1))", nullptr},
      {"clz (b32|b64)", "u32 T", "leading_zeros($1)", nullptr},
      {"bfind (u32|u64|s32|s64)", "u32 T", "highest_bit($1)", nullptr},
      {"bfind shiftamt (u32|u64|s32|s64)", "u32 T", "shift_to_highest_bit($1)", nullptr},
      {"brev (b32|b64)", "T T", "reversed($1)", nullptr},
      {"fns b32", "u32 u32 u32 s32", "nth_set_bit($1, $2, $3)", nullptr},
      {"bfe (u32|u64|s32|s64)", "T T u32 u32", "extracted_field($1, $2, $3)", nullptr},
      {"bfi (b32|b64)", "T T T u32 u32", "with_field($1, $2, $3, $4)", nullptr},
      {"prmt b32", "u32 u32 u32 u32", "chosen_bytes(joined($2, $1), $3)", nullptr},
      {"lop3 b32", "u32 u32 u32 u32 u32", "logic_of_three($1, $2, $3, $4)", nullptr},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
