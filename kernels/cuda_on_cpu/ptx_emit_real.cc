// Arithmetic of f32 and f64.
#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {

// .ftz and .sat are added by Emitter::emit_expression. Without a rounding, PTX rounds to the nearest.
std::vector<Row> real_rows() {
  return {
      {"add [rn] [ftz] [sat] f32", "T T T", "$1 + $2", nullptr},
      {"sub [rn] [ftz] [sat] f32", "T T T", "$1 - $2", nullptr},
      {"mul [rn] [ftz] [sat] f32", "T T T", "$1 * $2", nullptr},
      {"fma rn [ftz] [sat] f32", "T T T T", "__builtin_fmaf($1, $2, $3)", nullptr},
      {"add round:(rz|rm|rp) [ftz] [sat] f32", "T T T", "rounded_sum<Rounding::{round}>($1, $2)", nullptr},
      {"sub round:(rz|rm|rp) [ftz] [sat] f32", "T T T", "rounded_sum<Rounding::{round}>($1, -$2)", nullptr},
      {"mul round:(rz|rm|rp) [ftz] [sat] f32", "T T T", "rounded_product<Rounding::{round}>($1, $2)", nullptr},
      {"fma round:(rz|rm|rp) [ftz] [sat] f32", "T T T T", "rounded_fma<Rounding::{round}>($1, $2, $3)", nullptr},
      {"add [rn] f64", "T T T", "$1 + $2", nullptr},
      {"sub [rn] f64", "T T T", "$1 - $2", nullptr},
      {"mul [rn] f64", "T T T", "$1 * $2", nullptr},
      {"fma rn f64", "T T T T", "__builtin_fma($1, $2, $3)", nullptr},

      {"div (approx|full|rn) [ftz] f32", "T T T", "$1 / $2", nullptr},
      {"div rn f64", "T T T", "$1 / $2", nullptr},
      {"rcp (approx|rn) [ftz] f32", "T T", "1.0f / $1", nullptr},
      {"rcp rn f64", "T T", "1.0 / $1", nullptr},
      {"rcp approx ftz f64", "T T", "1.0 / $1", nullptr},
      {"sqrt (approx|rn) [ftz] f32", "T T", "__builtin_sqrtf($1)", nullptr},
      {"sqrt rn f64", "T T", "__builtin_sqrt($1)", nullptr},
      {"rsqrt approx [ftz] f32", "T T", "rsqrt_of($1)", nullptr},
      {"rsqrt approx [ftz] f64", "T T", "1.0 / __builtin_sqrt($1)", nullptr},
      {"ex2 approx [ftz] f32", "T T", "exp2_of($1)", nullptr},
      {"lg2 approx [ftz] f32", "T T", "log2_of($1)", nullptr},
      {"sin approx [ftz] f32", "T T", "sin_of($1)", nullptr},
      {"cos approx [ftz] f32", "T T", "cos_of($1)", nullptr},
      {"tanh approx f32", "T T", "tanh_of($1)", nullptr},

      {"abs [ftz] f32", "T T", "abs_of($1)", nullptr},
      {"abs f64", "T T", "abs_of($1)", nullptr},
      {"neg [ftz] f32", "T T", "-$1", nullptr},
      {"neg f64", "T T", "-$1", nullptr},
      {"min [ftz] f32", "T T T", "minimum($1, $2)", nullptr},
      {"max [ftz] f32", "T T T", "maximum($1, $2)", nullptr},
      {"min [ftz] NaN f32", "T T T", "minimum_or_nan($1, $2)", nullptr},
      {"max [ftz] NaN f32", "T T T", "maximum_or_nan($1, $2)", nullptr},
      {"min f64", "T T T", "minimum($1, $2)", nullptr},
      {"max f64", "T T T", "maximum($1, $2)", nullptr},
      {"copysign f32", "T T T", "__builtin_copysignf($2, $1)", nullptr},
      {"copysign f64", "T T T", "__builtin_copysign($2, $1)", nullptr},
      {"testp op:(finite|infinite|number|notanumber|normal|subnormal) (f32|f64)", "pred T", "test_{op}($1)", nullptr},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
