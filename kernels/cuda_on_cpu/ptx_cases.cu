// Executes the instructions of the lists of ptx_cases.h, one kernel a list.
//
// Idea       inline assembly, so that nvcc and ptxas have read every instruction that the translator claims to know
// Mapping    one thread for each combination of operands; it executes all instructions of its list
// Traffic    does not matter: 1024 threads
// Numerics   each instruction's own
// Limits     none: the operands are prepared by the test
#include "kernels/base/cuda_check.h"
#include "kernels/cuda_on_cpu/ptx_cases_device.cuh"

namespace skewbench::cuda_on_cpu {
namespace {

template <class T>
__device__ T operand(const uint64_t* inputs, Values values, int which) {
  const uint64_t bits = inputs[(static_cast<int>(values) * kOperands + which) * kCaseThreads + threadIdx.x + blockIdx.x * blockDim.x];
  T value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#define IN(T, which) LETTER_##T(operand<registers::T>(inputs, registers::k_##T, which))
#define PUT(D, ...) { registers::D result; asm volatile(__VA_ARGS__); put<kCaseThreads>(outputs, result); }
#define PUT_PREDICATES(...) { uint32_t result; asm volatile(__VA_ARGS__); put<kCaseThreads>(outputs, result); }

#define CASE1(D, A, text, e) PUT(D, text " %0, %1;" : "=" LETTER_##D(result) : IN(A, 0))
#define CASE2(D, A, B, text, e) PUT(D, text " %0, %1, %2;" : "=" LETTER_##D(result) : IN(A, 0), IN(B, 1))
#define CASE3(D, A, B, C, text, e) PUT(D, text " %0, %1, %2, %3;" : "=" LETTER_##D(result) : IN(A, 0), IN(B, 1), IN(C, 2))
#define CASE4(D, A, B, C, E, text, e) \
  PUT(D, text " %0, %1, %2, %3, %4;" : "=" LETTER_##D(result) : IN(A, 0), IN(B, 1), IN(C, 2), IN(E, 3))
#define RAW1(D, A, text, e) PUT(D, text : "=" LETTER_##D(result) : IN(A, 0))
#define RAW2(D, A, B, text, e) PUT(D, text : "=" LETTER_##D(result) : IN(A, 0), IN(B, 1))
#define RAW3(D, A, B, C, text, e) PUT(D, text : "=" LETTER_##D(result) : IN(A, 0), IN(B, 1), IN(C, 2))
#define TEST1(A, text, e) PUT_PREDICATES("{ .reg .pred p; " text " p, %1; selp.u32 %0, 1, 0, p; }" : "=r"(result) : IN(A, 0))
#define TEST2(A, text, e) \
  PUT_PREDICATES("{ .reg .pred p; " text " p, %1, %2; selp.u32 %0, 1, 0, p; }" : "=r"(result) : IN(A, 0), IN(A, 1))
#define PAIR_TEST2(A, text, e, f)                                                                                         \
  PUT_PREDICATES("{ .reg .pred p, q; .reg .u32 x; " text " p|q, %1, %2; selp.u32 %0, 1, 0, p; selp.u32 x, 2, 0, q; add.u32 %0, %0, x; }" \
                 : "=r"(result) : IN(A, 0), IN(A, 1))
#define PAIR_TEST3(A, text, R, e, f)                                                                                      \
  PUT_PREDICATES("{ .reg .pred p, q, r; .reg .u32 x; setp.ne.u32 r, %3, 0; " text " p|q, %1, %2, " R       \
                 "; selp.u32 %0, 1, 0, p; selp.u32 x, 2, 0, q; add.u32 %0, %0, x; }"                                      \
                 : "=r"(result) : IN(A, 0), IN(A, 1), "r"(operand<uint32_t>(inputs, Values::lane, 2) & 1))
#define TEST3(A, text, R, e)                                                                                            \
  PUT_PREDICATES("{ .reg .pred p, r; setp.ne.u32 r, %3, 0; " text " p, %1, %2, " R "; selp.u32 %0, 1, 0, p; }"           \
                 : "=r"(result) : IN(A, 0), IN(A, 1), "r"(operand<uint32_t>(inputs, Values::lane, 2) & 1))
#define TEST_PREDICATES(text, e)                                                                                        \
  PUT_PREDICATES("{ .reg .pred p, q; setp.ge.s32 p, %1, 0; setp.ge.s32 q, %2, 0; " text " p, p, q; selp.u32 %0, 1, 0, p; }" \
                 : "=r"(result) : IN(s32, 0), IN(s32, 1))
#define CHOOSE(T, text, e)                                                                                              \
  PUT(T, "{ .reg .pred r; setp.ne.u32 r, %3, 0; " text " %0, %1, %2, r; }"                                              \
      : "=" LETTER_##T(result) : IN(T, 0), IN(T, 1), "r"(operand<uint32_t>(inputs, Values::lane, 2) & 1))

#define KERNEL(story) __global__ void ptx_cases_##story##_kernel(const uint64_t* __restrict__ inputs, uint64_t* __restrict__ outputs)
KERNEL(integer) {
#include "kernels/cuda_on_cpu/ptx_cases_integer.h"
}
KERNEL(bits) {
#include "kernels/cuda_on_cpu/ptx_cases_bits.h"
}
KERNEL(real) {
#include "kernels/cuda_on_cpu/ptx_cases_real.h"
}
KERNEL(half) {
#include "kernels/cuda_on_cpu/ptx_cases_half.h"
}
KERNEL(compare) {
#include "kernels/cuda_on_cpu/ptx_cases_compare.h"
}
KERNEL(convert) {
#include "kernels/cuda_on_cpu/ptx_cases_convert.h"
}

}  // namespace

void run_cases(Story story, const uint64_t* inputs, uint64_t* outputs) {
  constexpr int kBlock = 128;
  using Kernel = void (*)(const uint64_t* __restrict__, uint64_t* __restrict__);
  constexpr Kernel kernels[] = {ptx_cases_integer_kernel, ptx_cases_bits_kernel,    ptx_cases_real_kernel,
                                ptx_cases_half_kernel,    ptx_cases_compare_kernel, ptx_cases_convert_kernel};
  kernels[static_cast<int>(story)]<<<kCaseThreads / kBlock, kBlock>>>(inputs, outputs);
  CUDA_LAUNCHED(ptx_cases_kernel);
}

}  // namespace skewbench::cuda_on_cpu
