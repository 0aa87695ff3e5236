// What translated PTX sees: one CUDA thread, and the operations of it that the machine carries out.
//
// ptx_to_cpp turns each kernel into a function body(Thread&, parameters). Arithmetic is inline C++ in it
// (ptx_arithmetic.h); whatever touches memory, or waits for other threads, is one of the functions here. `Place` says
// where in the source an operation stands, for reports.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skewbench::cuda_on_cpu {

struct Block;  // the machine's state of a block in execution

/// Where an instruction comes from. The table of a kernel's places is static data of the translated file.
struct Place {
  const char* file;         ///< CUDA source, from .loc; the PTX file where there is none
  uint32_t line;            ///< in `file`
  uint32_t ptx_line;
  const char* instruction;  ///< its PTX text
};

struct Thread {
  uint32_t tid[3], ntid[3], ctaid[3], nctaid[3];  ///< x y z
  uint32_t lane, warp;       ///< of the thread's number in its block: number % 32, number / 32
  std::byte* shared;         ///< host address of offset 0 of the block's shared window
  uint32_t shared_bytes;     ///< static and dynamic
  Block* block;
};

// --- modes -------------------------------------------------------------------------------------------------------

/// Bits of `modes`: what the memory functions do besides moving data. Read at every access, set between launches.
enum Mode : uint32_t { kChecks = 1, kCounts = 2 };
extern uint32_t modes;

/// Device memory lies behind addresses that the host cannot touch: what a kernel calls `address` is at address + this.
inline constexpr uint64_t kDeviceWindow = uint64_t{1} << 40;  ///< bytes of address space for device memory
extern uint64_t device_base;   ///< first device address; device memory is [device_base, device_base + kDeviceWindow)
extern uint64_t device_offset; ///< host address = device address + device_offset

// --- memory ------------------------------------------------------------------------------------------------------

enum class Space : uint32_t { global, shared, local, generic };
enum class Access : uint32_t { read, write, atomic };

/// The cold half of an access: bounds, alignment, shared memory that nobody wrote, races; counts bytes. Called only where
/// `modes` is not 0. On a finding it does not return.
void inspect(Thread& thread, Space space, uint64_t address, uint32_t bytes, Access access, const Place* place);

/// Host address of what a kernel names by `address` in `space`, no checks.
inline std::byte* locate(const Thread& thread, Space space, uint64_t address) {
  switch (space) {
    case Space::global: return reinterpret_cast<std::byte*>(address + device_offset);
    case Space::shared: return thread.shared + static_cast<uint32_t>(address);
    case Space::local: return reinterpret_cast<std::byte*>(address);  // local memory is on the fibre's stack
    case Space::generic: break;  // shared and local have host addresses as generic ones
  }
  return reinterpret_cast<std::byte*>(address - device_base < kDeviceWindow ? address + device_offset : address);
}

/// v2, v4: T is a struct of N equal members; one access of sizeof(T) bytes, aligned to all of them.
template <class T, int N>
struct Vector {
  T at[N];
};

/// Counts the instructions of a basic block; translated code calls it at the head of each one where modes & kCounts.
void count_instructions(Thread& thread, uint32_t instructions);

/// cvta.local / cvta.to.local are the identity; these are for .local arrays: registers one with the thread for bounds.
void declare_local(Thread& thread, const void* begin, uint32_t bytes);

// --- waiting for other threads -------------------------------------------------------------------------------------
// Each returns when the members have arrived, and orders their accesses before and after.

/// bar.sync / barrier.sync id, count; count 0: all threads of the block that have not returned.
void barrier(Thread& thread, uint32_t id, uint32_t count, const Place* place);
void barrier_arrive(Thread& thread, uint32_t id, uint32_t count, const Place* place);
enum class Reduction : uint32_t { and_, or_, popc };
uint32_t barrier_reduce(Thread& thread, uint32_t id, uint32_t count, Reduction kind, bool value, const Place* place);

/// bar.warp.sync
void warp_barrier(Thread& thread, uint32_t mask, const Place* place);

/// The values of all lanes of `mask`, as they arrived at this collective: exchange(...)[lane]. Valid until this thread's
/// next collective. Members must name the same mask; a lane that has returned, or a caller outside of its own mask, is a
/// finding.
const uint64_t* exchange(Thread& thread, uint32_t mask, uint64_t value, const Place* place);

enum class Shuffle : uint32_t { up, down, bfly, idx };
/// shfl.sync mode: value of the lane that `lane_operand` and `clamp` name (PTX ISA, shfl); `in_range` is its predicate.
uint32_t shuffle(Thread& thread, Shuffle mode, uint32_t value, uint32_t lane_operand, uint32_t clamp, uint32_t mask,
                 bool& in_range, const Place* place);

/// Bit l: lane l is a member and its predicate holds.
uint32_t ballot(Thread& thread, uint32_t mask, bool predicate, const Place* place);
uint32_t active_mask(Thread& thread);  ///< lanes of the warp that have not returned

/// Lanes that the thread's warp has: not all 32 in the last warp of a block that does not fill it. A mask means those of its
/// lanes that exist.
inline uint32_t lanes_of_warp(const Thread& thread) {
  const uint32_t left = thread.ntid[0] * thread.ntid[1] * thread.ntid[2] - 32 * thread.warp;
  return left >= 32 ? ~0u : (1u << left) - 1;
}

// --- tensor cores and asynchronous copies -----------------------------------------------------------------------------

/// mma.sync.aligned m16n8kK row.col with float accumulators. Type of a and b: f16 (K = 8, 16), bf16 (K = 8, 16), tf32
/// (K = 4, 8). Fragments as in the PTX ISA: `a` and `b` hold 32-bit registers, c and d four floats.
/// Products are exact and summed in double, then rounded once: a GPU's own order and rounding are not specified.
enum class Element : uint32_t { f16, bf16, tf32 };
void mma(Thread& thread, Element element, uint32_t k, const uint32_t* a, const uint32_t* b, const float* c, float* d,
         const Place* place);

/// ldmatrix.sync.aligned.m8n8.x{1,2,4}[.trans].shared.b16: `address` is an offset in the shared window.
void ldmatrix(Thread& thread, uint32_t matrices, bool transposed, uint32_t address, uint32_t* destination, const Place* place);

/// cp.async: 4, 8 or 16 `bytes` from global to shared memory, of which the first source_bytes are read and the rest are
/// zero. Happens as late as the program allows: at the wait that completes its group.
void async_copy(Thread& thread, uint32_t shared_address, uint64_t global_address, uint32_t bytes, uint32_t source_bytes,
                const Place* place);
void async_commit(Thread& thread);
void async_wait_group(Thread& thread, uint32_t pending);  ///< all but the last `pending` groups are complete
void async_wait_all(Thread& thread);

/// trap, a failed assert, an indirect branch out of its table: a finding; does not return.
[[noreturn]] void stop(Thread& thread, const Place* place, const char* what);

// --- registration ------------------------------------------------------------------------------------------------------

struct Parameter {
  uint32_t offset, bytes;  ///< in the parameter block
};

struct Kernel {
  const char* name;  ///< mangled, as nvcc's host code registers it
  void (*body)(Thread& thread, const std::byte* parameters);
  const Parameter* parameters;
  uint32_t parameter_count;
  uint32_t static_shared_bytes;  ///< dynamic shared memory starts behind them, aligned to 16
  uint32_t max_threads;          ///< .maxntid; 0: none given
};

/// A static object of it in a translated file makes the kernel known to the stand-in runtime.
struct RegisteredKernel {
  explicit RegisteredKernel(const Kernel& kernel);
};

/// A .global or .const variable: cudaMemcpyToSymbol and kernels find it by name. It is given device memory, initialised
/// from `initial` (bytes long, null: zeros), before main; `address` receives its device address.
struct RegisteredVariable {
  RegisteredVariable(const char* name, uint64_t bytes, const void* initial, uint64_t* address);
};

// --- mutants -------------------------------------------------------------------------------------------------------------
// Code translated with --mutants asks here at each place that can be changed; see mutation_sites.h.

struct MutationSite {
  const char* kernel;
  const char* kind;        ///< barrier | bound | stride | constant
  const char* change;      ///< "removed", "+1", "-1", "x2"
  const Place* place;
  bool is_built = true;    ///< false: listed, but this program cannot change it
};

/// The site that is changed in this process, by its global number; none: UINT32_MAX.
extern uint32_t active_mutant;
/// Called by static objects of translated files; returns the number of the first of these sites.
uint32_t register_mutation_sites(const MutationSite* sites, uint32_t count);

}  // namespace skewbench::cuda_on_cpu
