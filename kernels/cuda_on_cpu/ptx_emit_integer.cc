// Integer arithmetic.
#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {

// Sums and products wrap around, so they are computed in unsigned types, where C++ says so too.
std::vector<Row> integer_rows() {
  return {
      {"add (u16|u32|u64|s16|s32|s64)", "U U U", "$1 + $2", nullptr},
      {"sub (u16|u32|u64|s16|s32|s64)", "U U U", "$1 - $2", nullptr},
      {"add sat s32", "T T T", "clamped(int64_t($1) + $2)", nullptr},
      {"sub sat s32", "T T T", "clamped(int64_t($1) - $2)", nullptr},
      {"mul lo (u16|s16|u32|s32|u64|s64)", "U U U", "product($1, $2)", nullptr},
      {"mul hi (u16|s16|u32|s32|u64|s64)", "T T T", "product_high($1, $2)", nullptr},
      {"mul wide (u16|s16|u32|s32)", "V T T", "{W}($1) * {W}($2)", nullptr},
      {"mad lo (u16|s16|u32|s32|u64|s64)", "U U U U", "product($1, $2) + $3", nullptr},
      {"mad hi (u16|s16|u32|s32|u64|s64)", "U T T U", "{U}(product_high($1, $2)) + $3", nullptr},
      {"mad wide (u16|s16|u32|s32)", "V T T V", "wide_product($1, $2) + $3", nullptr},
      {"mul24 lo (u32|s32)", "U T T", "uint32_t(low_24($1) * low_24($2))", nullptr},
      {"mul24 hi (u32|s32)", "U T T", "uint32_t((low_24($1) * low_24($2)) >> 16)", nullptr},
      {"mad24 lo (u32|s32)", "U T T U", "uint32_t(low_24($1) * low_24($2)) + $3", nullptr},
      {"sad (u16|u32|u64|s16|s32|s64)", "U T T U", "distance($1, $2) + $3", nullptr},
      {"div (u16|u32|u64|s16|s32|s64)", "T T T", "quotient($1, $2)", nullptr},
      {"rem (u16|u32|u64|s16|s32|s64)", "T T T", "remainder($1, $2)", nullptr},
      {"abs (s16|s32|s64)", "U T", "distance($1, {T}(0))", nullptr},
      {"neg (s16|s32|s64)", "U U", "{U}(0) - $1", nullptr},
      {"min (u16|u32|u64|s16|s32|s64)", "T T T", "$1 < $2 ? $1 : $2", nullptr},
      {"max (u16|u32|u64|s16|s32|s64)", "T T T", "$1 > $2 ? $1 : $2", nullptr},

      // Long arithmetic: the carry flag is a variable of the function.
      {"add cc (u32|s32|u64|s64)", "U U U", "add_with_carry($1, $2, 0, carry)", nullptr},
      {"addc cc (u32|s32|u64|s64)", "U U U", "add_with_carry($1, $2, carry, carry)", nullptr},
      {"addc (u32|s32|u64|s64)", "U U U", "$1 + $2 + carry", nullptr},
      {"sub cc (u32|s32|u64|s64)", "U U U", "subtract_with_borrow($1, $2, 0, carry)", nullptr},
      {"subc cc (u32|s32|u64|s64)", "U U U", "subtract_with_borrow($1, $2, carry, carry)", nullptr},
      {"subc (u32|s32|u64|s64)", "U U U", "$1 - $2 - carry", nullptr},
      {"mad lo cc (u32|s32|u64|s64)", "U U U U", "add_with_carry(product($1, $2), $3, 0, carry)", nullptr},
      {"madc lo cc (u32|s32|u64|s64)", "U U U U", "add_with_carry(product($1, $2), $3, carry, carry)", nullptr},
      {"madc lo (u32|s32|u64|s64)", "U U U U", "product($1, $2) + $3 + carry", nullptr},
      {"mad hi cc (u32|s32|u64|s64)", "U T T U", "add_with_carry({U}(product_high($1, $2)), $3, 0, carry)", nullptr},
      {"madc hi cc (u32|s32|u64|s64)", "U T T U", "add_with_carry({U}(product_high($1, $2)), $3, carry, carry)", nullptr},
      {"madc hi (u32|s32|u64|s64)", "U T T U", "{U}(product_high($1, $2)) + $3 + carry", nullptr},

      {"dp4a (u32) (u32)", "u32 u32 u32 u32", "dot_of_bytes<uint8_t, uint8_t>($1, $2) + $3", nullptr},
      {"dp4a (s32) (s32)", "u32 u32 u32 u32", "dot_of_bytes<int8_t, int8_t>($1, $2) + $3", nullptr},
      {"dp4a (u32) (s32)", "u32 u32 u32 u32", "dot_of_bytes<uint8_t, int8_t>($1, $2) + $3", nullptr},
      {"dp4a (s32) (u32)", "u32 u32 u32 u32", "dot_of_bytes<int8_t, uint8_t>($1, $2) + $3", nullptr},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
