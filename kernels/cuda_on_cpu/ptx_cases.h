// The instructions that compute a value from registers, each with a formula of its own: lists that are read twice, by
// ptx_cases.cu, which executes the instruction, and by ptx_cases_cuda_test.cc, which evaluates the formula.
//
//   CASE1(D, A, text, e)            text d, a;            e in terms of a
//   CASE2, CASE3, CASE4             the same with operands b, c, d
//   TEST1(A, text, e), TEST2        the destination is a predicate
//   PAIR_TEST2(A, text, e, f)       text p|q, a, b;       e is p, f is q
//   TEST3(A, text, R, e)            text p, a, b, R;      R names the predicate r as an operand
//   PAIR_TEST3(A, text, R, e, f)    text p|q, a, b, R;
//   TEST_PREDICATES(text, e)        text p, p, q;
//   CHOOSE(T, text, e)              text d, a, b, r;
//   RAW1(D, A, text, e) ... RAW3    text as it is, with %0 for d and %1, %2, %3 for a, b, c
//
// Every thread has operands of its own: all pairs of the edge values of their types.
#pragma once

#include <cstdint>

namespace skewbench::cuda_on_cpu {

// X(name in the lists, letter of inline assembly, C++ type of the register, kind of values)
#define CASE_TYPES(X)                                                                                              \
  X(b8, "h", uint16_t, bits16) X(u8, "h", uint16_t, bits16) X(s8, "h", uint16_t, bits16) X(u16, "h", uint16_t, bits16) X(s16, "h", int16_t, bits16) \
  X(b16, "h", uint16_t, bits16) X(u32, "r", uint32_t, bits32) X(s32, "r", int32_t, bits32) X(b32, "r", uint32_t, bits32) \
  X(u64, "l", uint64_t, bits64) X(s64, "l", int64_t, bits64) X(b64, "l", uint64_t, bits64) X(f32, "f", float, real32)  \
  X(f64, "d", double, real64) X(f16, "h", uint16_t, half) X(bf16, "h", uint16_t, brain) X(f16x2, "r", uint32_t, halves) \
  X(bf16x2, "r", uint32_t, brains) X(tf32, "r", uint32_t, bits32) X(u5, "r", uint32_t, lane) X(s8bit, "r", int32_t, small)

enum class Values { bits16, bits32, bits64, real32, real64, half, brain, halves, brains, lane, small, count };

constexpr int kCaseThreads = 1024;  ///< 32 edge values of the first operand, times 32 of the second
constexpr int kOperands = 4;

enum class Story { integer, bits, real, half, compare, convert, count };

/// inputs: [Values][operand][thread], the operand's bits; outputs: [case][thread], both in device memory.
void run_cases(Story story, const uint64_t* inputs, uint64_t* outputs);

}  // namespace skewbench::cuda_on_cpu
