// What the kernels that execute single instructions have in common: types and letters of registers, outputs.
#pragma once

#include "kernels/cuda_on_cpu/ptx_cases.h"

namespace skewbench::cuda_on_cpu {

// The registers' types by their names in the lists.
namespace registers {
#define X(name, letter, type, values) using name = type;
CASE_TYPES(X)
#undef X
#define X(name, letter, type, values) [[maybe_unused]] constexpr Values k_##name = Values::values;
CASE_TYPES(X)
#undef X
}  // namespace registers

#define LETTER_b8 "h"
#define LETTER_u8 "h"
#define LETTER_s8 "h"
#define LETTER_u16 "h"
#define LETTER_s16 "h"
#define LETTER_b16 "h"
#define LETTER_f16 "h"
#define LETTER_bf16 "h"
#define LETTER_u32 "r"
#define LETTER_s32 "r"
#define LETTER_b32 "r"
#define LETTER_u5 "r"
#define LETTER_s8bit "r"
#define LETTER_f16x2 "r"
#define LETTER_bf16x2 "r"
#define LETTER_tf32 "r"
#define LETTER_u64 "l"
#define LETTER_s64 "l"
#define LETTER_b64 "l"
#define LETTER_f32 "f"
#define LETTER_f64 "d"

/// The outputs of a kernel: one word for each of its `threads` and each result, in the order of the lists.
template <int threads, class T>
__device__ void put(uint64_t* __restrict__& outputs, T value) {
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  outputs[threadIdx.x + blockIdx.x * blockDim.x] = bits;
  outputs += threads;
}

}  // namespace skewbench::cuda_on_cpu
