// Branches, tables, calls, parameters of all types, addresses, variables, fences, printf, assert and trap.
//
// Idea       plain CUDA where nvcc is known to make the wanted instruction of it (the coverage test sees what came out), inline
//            assembly elsewhere
// Mapping    a few threads; results are [result][thread] or single words
// Traffic    does not matter
// Numerics   integers, and floats that are exact
// Limits     none
#include <cassert>
#include <cstdio>

#include "kernels/base/cuda_check.h"
#include "kernels/cuda_on_cpu/ptx_cases_device.cuh"
#include "kernels/cuda_on_cpu/ptx_machine_cases.h"

namespace skewbench::cuda_on_cpu {

// --- variables ---------------------------------------------------------------------------------------------------------

__device__ int32_t counters[4] = {10, 20, 30, -40};
__device__ int32_t* pointers[3] = {&counters[2], nullptr, &counters[0]};
__constant__ float coefficients[4] = {1.5f, -2.25f, 0.0f, 3e8f};
__constant__ uint16_t odd_bytes[3] = {1, 256, 65535};
__device__ uint64_t never_written[2];
__device__ double real = -0.1;

namespace {

__global__ void ptx_variables_kernel(int64_t which, uint64_t* out) {
  *pointers[2] += 5;
  counters[1] = *pointers[0];
  out[0] = static_cast<uint64_t>(counters[which]);
  out[1] = static_cast<uint64_t>(counters[which + 1]);
  out[2] = __float_as_uint(coefficients[which + 1]) + __float_as_uint(coefficients[which + 3]);
  out[3] = odd_bytes[which] + odd_bytes[which + 1] + odd_bytes[which + 2];
  out[4] = never_written[which] + never_written[which + 1];
  out[5] = static_cast<uint64_t>(__double_as_longlong(real));
  out[6] = pointers[which + 1] == nullptr;
}

// --- branches and calls ---------------------------------------------------------------------------------------------------

/// A switch that nvcc makes a table of.
__global__ void ptx_table_kernel(const int32_t* inputs, uint64_t* __restrict__ outputs) {
  int32_t value = inputs[threadIdx.x], result = 0;
  switch (value) {
    case 0: result = inputs[threadIdx.x + 1] + 3; break;
    case 1: result = inputs[threadIdx.x + 2] * 5; break;
    case 2: result = inputs[threadIdx.x + 3] - 7; break;
    case 3: result = inputs[threadIdx.x + 4] / 3; break;
    case 4: result = inputs[threadIdx.x + 5] ^ 9; break;
    case 5: result = inputs[threadIdx.x + 6] | 8; break;
    case 6: result = inputs[threadIdx.x + 7] & 6; break;
    default: result = -1;
  }
  outputs[threadIdx.x] = static_cast<uint64_t>(result);
}

/// Called by inline assembly under this very name.
extern "C" __device__ __noinline__ int32_t ptx_control_cases_thrice(int32_t value) { return 3 * value; }

__global__ void ptx_call_kernel(const int32_t* inputs, uint64_t* __restrict__ outputs) {
  int32_t result;
  asm volatile("{ .param .b32 from, to; st.param.b32 [from], %1; call (to), ptx_control_cases_thrice, (from); ld.param.b32 %0, [to]; }"
               : "=r"(result) : "r"(ptx_control_cases_thrice(inputs[threadIdx.x])));
  outputs[threadIdx.x] = static_cast<uint64_t>(result);
}

/// brx.idx without a default: value is below 3.
__global__ void ptx_indices_kernel(const uint32_t* inputs, uint64_t* __restrict__ outputs) {
  uint32_t result;
  asm volatile(
      "{ targets: .branchtargets low, middle, high;\n"
      "  .reg .pred odd; setp.ne.u32 odd, %2, 0;\n"
      "  @odd brx.idx %1, targets;\n"
      "  brx.idx.uni %1, targets;\n"
      "low: mov.u32 %0, 100; bra.uni done;\n"
      "middle: mov.u32 %0, 200; bra done;\n"
      "high: mov.u32 %0, 300;\n"
      "done: }" : "=r"(result) : "r"(inputs[threadIdx.x]), "r"(threadIdx.x % 2));
  outputs[threadIdx.x] = result;
}

struct Mixed {
  int8_t a;
  uint8_t b;
  int16_t c;
  uint16_t d;
  int32_t e;
  float f;
  double g;
  int64_t h;
  float4 i;
  uint2 j;
};

__device__ __noinline__ Mixed doubled(Mixed m) {
  return {static_cast<int8_t>(2 * m.a), static_cast<uint8_t>(2 * m.b), static_cast<int16_t>(2 * m.c), static_cast<uint16_t>(2 * m.d), 2 * m.e, 2 * m.f,
          2 * m.g, 2 * m.h, make_float4(2 * m.i.x, 2 * m.i.y, 2 * m.i.z, 2 * m.i.w), make_uint2(2 * m.j.x, 2 * m.j.y)};
}

__device__ void put_mixed(uint64_t* out, const Mixed& m) {
  out[0] = static_cast<uint64_t>(m.a), out[1] = m.b, out[2] = static_cast<uint64_t>(m.c), out[3] = m.d, out[4] = static_cast<uint64_t>(m.e);
  out[5] = __float_as_uint(m.f), out[6] = static_cast<uint64_t>(__double_as_longlong(m.g)), out[7] = static_cast<uint64_t>(m.h);
  out[8] = __float_as_uint(m.i.x), out[9] = __float_as_uint(m.i.y), out[10] = __float_as_uint(m.i.z), out[11] = __float_as_uint(m.i.w);
  out[12] = m.j.x, out[13] = m.j.y;
}

__global__ void ptx_parameters_kernel(Mixed m, int8_t a, uint16_t b, bool c, float d, double e, int32_t f, int16_t g, uint64_t* out) {
  put_mixed(out, doubled(m));
  put_mixed(out + 14, m);
  out[28] = static_cast<uint64_t>(a), out[29] = b, out[30] = c, out[31] = __float_as_uint(d), out[32] = static_cast<uint64_t>(__double_as_longlong(e));
  out[33] = static_cast<uint64_t>(int64_t{f}), out[34] = static_cast<uint64_t>(int64_t{g});  // widened while they are loaded
}

/// The parameter's address is taken, so it is read through a generic one.
__global__ void ptx_grid_constant_kernel(const __grid_constant__ Mixed m, int64_t which, uint64_t* out) {
  const auto* const words = reinterpret_cast<const uint32_t*>(&m);
  const uint32_t* volatile hidden = words;
  out[0] = hidden[which];
  out[1] = words[which + 1];
}

__device__ __noinline__ int32_t fibonacci(int32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
__global__ void ptx_recursion_kernel(const int32_t* inputs, uint64_t* out) { out[threadIdx.x] = static_cast<uint64_t>(fibonacci(inputs[threadIdx.x])); }

/// A function without result leaves its work in memory; local arrays are indexed at run time.
__device__ __noinline__ void sort_ascending(int32_t* values, int32_t count) {
  for (int32_t i = 1; i < count; ++i)
    for (int32_t j = i; j > 0 && values[j - 1] > values[j]; --j) {
      const int32_t moved = values[j];
      values[j] = values[j - 1];
      values[j - 1] = moved;
    }
}
__global__ void ptx_local_kernel(const int32_t* inputs, int32_t count, uint64_t* out) {
  int32_t values[16];
  for (int32_t i = 0; i < count; ++i) values[i] = inputs[i] ^ static_cast<int32_t>(threadIdx.x);
  sort_ascending(values, count);
  for (int32_t i = 0; i < count; ++i) out[threadIdx.x * 16 + i] = static_cast<uint64_t>(values[i]);
}

__global__ void ptx_exit_kernel(uint64_t* out) {
  out[threadIdx.x] = 1;
  asm volatile("{ .reg .pred odd; setp.ne.u32 odd, %0, 0; @odd exit; }" : : "r"(threadIdx.x % 2));
  out[threadIdx.x] = 2;
}

// --- positions, addresses, fences --------------------------------------------------------------------------------------------

__global__ void ptx_positions_kernel(uint64_t* out) {
  const uint32_t block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const uint32_t thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  uint32_t warps, dynamic, total;
  asm volatile("mov.u32 %0, %%nwarpid; mov.u32 %1, %%dynamic_smem_size; mov.u32 %2, %%total_smem_size;" : "=r"(warps), "=r"(dynamic), "=r"(total));
  uint64_t* const mine = out + 7 * (block * blockDim.x * blockDim.y * blockDim.z + thread);
  mine[0] = threadIdx.x + 100 * threadIdx.y + 10000 * threadIdx.z;
  mine[1] = blockIdx.x + 100 * blockIdx.y + 10000 * blockIdx.z;
  mine[2] = blockDim.x + 100 * blockDim.y + 10000 * blockDim.z;
  mine[3] = gridDim.x + 100 * gridDim.y + 10000 * gridDim.z;
  mine[4] = warps;
  mine[5] = dynamic;
  mine[6] = total;
}

__device__ void put_spaces(uint64_t*& out, const void* generic) {
  uint32_t global, shared, shared_cta;
  asm volatile("{ .reg .pred p; isspacep.global p, %3; selp.u32 %0, 1, 0, p; isspacep.shared p, %3; selp.u32 %1, 1, 0, p;"
               " isspacep.shared::cta p, %3; selp.u32 %2, 1, 0, p; }" : "=r"(global), "=r"(shared), "=r"(shared_cta) : "l"(generic));
  *out++ = 4 * global + 2 * shared + shared_cta;
}

extern __shared__ int32_t dynamic_words[];

/// Every space's address to generic and back; what is written through one is read through the other.
__global__ void ptx_addresses_kernel(int32_t* global, uint64_t* out) {
  __shared__ int32_t shared;
  int32_t local;
  uint64_t generic;
#define THERE_AND_BACK(space, from, value)                                                                                            \
  *(from) = value;                                                                                                                    \
  asm volatile("{ .reg .u64 x; cvta.to." space ".u64 x, %1; cvta." space ".u64 %0, x; }" : "=l"(generic) : "l"(from) : "memory");      \
  *out++ = static_cast<uint64_t>(*reinterpret_cast<int32_t*>(generic));                                                               \
  put_spaces(out, from);
  THERE_AND_BACK("global", global, 11)
  THERE_AND_BACK("shared", &shared, 12)
  THERE_AND_BACK("shared::cta", &shared, 13)
  THERE_AND_BACK("local", &local, 14)
  dynamic_words[3] = 15;
  *out++ = static_cast<uint64_t>(dynamic_words[3] + shared);
  asm volatile("{ .reg .u64 x; cvta.to.const.u64 x, %1; cvta.const.u64 %0, x; }" : "=l"(generic) : "l"(coefficients) : "memory");
  *out++ = __float_as_uint(*reinterpret_cast<const float*>(generic));
}

/// Fences, hints and clocks compute nothing; the clocks go on.
__global__ void ptx_fences_kernel(uint64_t* out) {
  uint32_t low[3];
  uint64_t before, after, time;
  asm volatile("mov.u64 %0, %%clock64;" : "=l"(before));
  asm volatile("membar.cta; membar.gl; membar.sys; fence.gpu; fence.sc.gpu; fence.acq_rel.cta; fence.acq_rel.gpu; fence.sc.sys;" : : : "memory");
  asm volatile("nanosleep.u32 20; prefetch.global.L1 [%0]; prefetch.global.L2 [%0]; prefetch.L1 [%0];" : : "l"(out) : "memory");
  asm volatile("{ .reg .u32 x; mov.u32 x, %%clock_hi; mov.u32 %0, %%clock; mov.u32 %1, %%globaltimer_lo; mov.u32 %2, %%globaltimer_hi; }"
               : "=r"(low[0]), "=r"(low[1]), "=r"(low[2]));
  asm volatile("mov.u64 %0, %%globaltimer; mov.u64 %1, %%clock64;" : "=l"(time), "=l"(after));
  out[0] = after - before;
  out[1] = time != 0 && after >= before;
  out[2] = low[2] == static_cast<uint32_t>(time >> 32) || low[1] > static_cast<uint32_t>(time);
}

__global__ void ptx_printf_kernel(int32_t a, float b) {
  printf("plain\n");
  const int count = printf("%d %5.2f%% %s %llu %c|%-4u|%*d\n", a, b, "text", 12345678901ull, 'x', 7u, 4, a);
  printf("%d\n", count);
}

__global__ void ptx_assert_kernel(int32_t value) { assert(value == 3 && "must be three"); }
__global__ void ptx_trap_kernel(uint32_t thread) { if (threadIdx.x == thread) asm volatile("trap;"); }

}  // namespace

void run_variables(int64_t which, uint64_t* out) { ptx_variables_kernel<<<1, 1>>>(which, out); CUDA_LAUNCHED(ptx_variables_kernel); }
void run_table(const int32_t* inputs, uint64_t* out) { ptx_table_kernel<<<1, kControlThreads>>>(inputs, out); CUDA_LAUNCHED(ptx_table_kernel); }
void run_call(const int32_t* inputs, uint64_t* out) { ptx_call_kernel<<<1, kControlThreads>>>(inputs, out); CUDA_LAUNCHED(ptx_call_kernel); }
void run_indices(const uint32_t* inputs, uint64_t* out) { ptx_indices_kernel<<<1, kControlThreads>>>(inputs, out); CUDA_LAUNCHED(ptx_indices_kernel); }
void run_parameters(uint64_t* out) {
  ptx_parameters_kernel<<<1, 1>>>({-5, 200, -3000, 60000, -70000, 1.5f, -2.5, -8000000000, {1, 2, 3, 4}, {5, 3000000000u}}, -7, 65535, true, 0.75f, -0.125, -90000, -333, out);
  CUDA_LAUNCHED(ptx_parameters_kernel);
}
void run_grid_constant(int64_t which, uint64_t* out) {
  ptx_grid_constant_kernel<<<1, 1>>>({-5, 200, -3000, 60000, -70000, 1.5f, -2.5, -8000000000, {1, 2, 3, 4}, {5, 6}}, which, out);
  CUDA_LAUNCHED(ptx_grid_constant_kernel);
}
void run_recursion(const int32_t* inputs, uint64_t* out) { ptx_recursion_kernel<<<1, kControlThreads>>>(inputs, out); CUDA_LAUNCHED(ptx_recursion_kernel); }
void run_local(const int32_t* inputs, int32_t count, uint64_t* out) { ptx_local_kernel<<<1, kControlThreads>>>(inputs, count, out); CUDA_LAUNCHED(ptx_local_kernel); }
void run_exit(uint64_t* out) { ptx_exit_kernel<<<1, kControlThreads>>>(out); CUDA_LAUNCHED(ptx_exit_kernel); }
void run_positions(uint64_t* out) { ptx_positions_kernel<<<dim3(2, 3, 2), dim3(5, 3, 3), 48>>>(out); CUDA_LAUNCHED(ptx_positions_kernel); }
void run_addresses(int32_t* global, uint64_t* out) { ptx_addresses_kernel<<<1, 1, 16>>>(global, out); CUDA_LAUNCHED(ptx_addresses_kernel); }
void run_fences(uint64_t* out) { ptx_fences_kernel<<<1, 1>>>(out); CUDA_LAUNCHED(ptx_fences_kernel); }
void run_printf(int32_t a, float b) { ptx_printf_kernel<<<1, 1>>>(a, b); CUDA_LAUNCHED(ptx_printf_kernel); }
void run_assert(int32_t value) { ptx_assert_kernel<<<1, 1>>>(value); CUDA_LAUNCHED(ptx_assert_kernel); }
void run_trap(uint32_t thread) { ptx_trap_kernel<<<1, kControlThreads>>>(thread); CUDA_LAUNCHED(ptx_trap_kernel); }

}  // namespace skewbench::cuda_on_cpu
