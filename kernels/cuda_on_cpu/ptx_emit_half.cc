// Arithmetic of f16, bf16 and pairs of them. What bf16 has on sm_80 only: nvcc makes sums and products of it from fma.
#include "kernels/cuda_on_cpu/ptx_rows.h"

namespace skewbench::cuda_on_cpu::ptx {

std::vector<Row> half_rows() {
  return {
      {"add [rn] (f16|f16x2)", "T T T", "half_sum<F16>($1, $2)", nullptr},
      {"add [rn] sat (f16|f16x2)", "T T T", "half_saturated<F16>(half_sum<F16>($1, $2))", nullptr},
      {"sub [rn] (f16)", "T T T", "half_sum<F16>($1, {T}($2 ^ 0x8000u))", nullptr},
      {"sub [rn] (f16x2)", "T T T", "half_sum<F16>($1, $2 ^ 0x80008000u)", nullptr},
      {"sub [rn] sat (f16)", "T T T", "half_saturated<F16>(half_sum<F16>($1, {T}($2 ^ 0x8000u)))", nullptr},
      {"sub [rn] sat (f16x2)", "T T T", "half_saturated<F16>(half_sum<F16>($1, $2 ^ 0x80008000u))", nullptr},
      {"mul [rn] (f16|f16x2)", "T T T", "half_product<F16>($1, $2)", nullptr},
      {"mul [rn] sat (f16|f16x2)", "T T T", "half_saturated<F16>(half_product<F16>($1, $2))", nullptr},
      {"fma rn (f16|f16x2)", "T T T T", "half_fma<F16>($1, $2, $3)", nullptr},
      {"fma rn sat (f16|f16x2)", "T T T T", "half_saturated<F16>(half_fma<F16>($1, $2, $3))", nullptr},
      {"fma rn (bf16|bf16x2)", "T T T T", "half_fma<Bf16>($1, $2, $3)", nullptr},
      {"neg (f16|bf16)", "T T", "$1 ^ 0x8000u", nullptr},
      {"neg (f16x2|bf16x2)", "T T", "$1 ^ 0x80008000u", nullptr},
      {"abs (f16|bf16)", "T T", "$1 & 0x7fffu", nullptr},
      {"abs (f16x2|bf16x2)", "T T", "$1 & 0x7fff7fffu", nullptr},
      {"min (f16|f16x2)", "T T T", "half_minimum<F16>($1, $2)", nullptr},
      {"max (f16|f16x2)", "T T T", "half_maximum<F16>($1, $2)", nullptr},
      {"min NaN (f16|f16x2)", "T T T", "half_minimum_or_nan<F16>($1, $2)", nullptr},
      {"max NaN (f16|f16x2)", "T T T", "half_maximum_or_nan<F16>($1, $2)", nullptr},
      {"min (bf16|bf16x2)", "T T T", "half_minimum<Bf16>($1, $2)", nullptr},
      {"max (bf16|bf16x2)", "T T T", "half_maximum<Bf16>($1, $2)", nullptr},
      {"min NaN (bf16|bf16x2)", "T T T", "half_minimum_or_nan<Bf16>($1, $2)", nullptr},
      {"max NaN (bf16|bf16x2)", "T T T", "half_maximum_or_nan<Bf16>($1, $2)", nullptr},
      {"ex2 approx (f16|f16x2)", "T T", "half_exp2<F16>($1)", nullptr},
      {"tanh approx (f16|f16x2)", "T T", "half_tanh<F16>($1)", nullptr},
  };
}

}  // namespace skewbench::cuda_on_cpu::ptx
