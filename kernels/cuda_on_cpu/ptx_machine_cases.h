// Launchers of the kernels that execute single instructions on memory, on warps, on tensor cores, and branches. All pointers
// are device memory.
#pragma once

#include <cstdint>

namespace skewbench::cuda_on_cpu {

constexpr int kMemoryThreads = 8;
constexpr int kSlotWords = 2;  ///< 64-bit words of a slot
constexpr int kSlots = 4;      ///< of a thread: an image of memory, one that is changed, values, one more

/// inputs: the slots of each thread. outputs: [result][thread], in the order of ptx_memory_cases.h.
void run_memory_cases(uint64_t* inputs, uint64_t* outputs);
/// Copies 4 words.
void run_policies(const uint32_t* from, uint32_t* to);

constexpr int kWarpThreads = 64;

// Outputs are [result][thread]; see ptx_warp_cases.cu for the results.
void run_barriers(uint64_t* outputs);
void run_arrivals(uint64_t* outputs);
/// A predicate that holds in the threads from `from` to `to`.
void run_reductions(uint32_t from, uint32_t to, uint64_t* outputs);
void run_shuffles(uint64_t* outputs);
void run_collectives(const int32_t* values, uint64_t* outputs);
void run_lanes(uint64_t* outputs);

enum class MmaForm { f16_8, f16_16, bf16_8, bf16_16, tf32_4, tf32_8 };  ///< type of a and b, extent of their sum
/// d [16][8] = a [16][k] b [k][8] + c [16][8], all in rows; a and b have 16-bit elements, or 32-bit ones for tf32.
void run_mma(MmaForm form, const void* a, const void* b, float* c, float* d);
/// matrices: four of [8][8]. outputs: [14 registers][lane], see ptx_matrix_cases.cu.
void run_ldmatrix(const uint16_t* matrices, uint32_t* outputs);
constexpr int kAsyncForms = 11;
/// Copies 16 bytes for each of 32 lanes to to[form][lane]; of forms 4, 5, 6, 9 and 10 those from source_bytes on become zero.
void run_async_copies(const char* from, uint32_t source_bytes, char* to);

constexpr int kControlThreads = 8;

// See ptx_control_cases.cu for what each puts out.
void run_variables(int64_t which, uint64_t* out);
void run_table(const int32_t* inputs, uint64_t* out);
void run_call(const int32_t* inputs, uint64_t* out);
void run_indices(const uint32_t* inputs, uint64_t* out);
void run_parameters(uint64_t* out);
void run_grid_constant(int64_t which, uint64_t* out);
void run_recursion(const int32_t* inputs, uint64_t* out);
void run_local(const int32_t* inputs, int32_t count, uint64_t* out);
void run_exit(uint64_t* out);
void run_positions(uint64_t* out);
void run_addresses(int32_t* global, uint64_t* out);
void run_fences(uint64_t* out);
void run_printf(int32_t a, float b);
void run_assert(int32_t value);
void run_trap(uint32_t thread);

}  // namespace skewbench::cuda_on_cpu
