// Executes the loads, stores and atomic operations of ptx_memory_cases.h.
//
// Idea       each thread has a slot of 16 bytes in every space, so that cases do not see each other
// Mapping    one block; one thread a set of values
// Traffic    does not matter
// Numerics   bytes are moved; atomic sums are the instructions' own
// Limits     kMemoryThreads threads
#include "kernels/base/cuda_check.h"
#include "kernels/cuda_on_cpu/ptx_cases_device.cuh"
#include "kernels/cuda_on_cpu/ptx_machine_cases.h"

namespace skewbench::cuda_on_cpu {
namespace {

struct Slot {
  alignas(16) uint64_t words[kSlotWords];
};

__constant__ Slot constant_slots[kSlots * kMemoryThreads];

/// Where the thread's slots lie in each space: the one that is loaded from; the one that is changed stands behind it.
struct Slots {
  Slot *global, *shared, *local;
  const Slot* constant;
};

__device__ uint64_t global_address(const void* p) { return __cvta_generic_to_global(p); }
__device__ uint32_t shared_address(const void* p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }
__device__ uint64_t local_address(const void* p) { return __cvta_generic_to_local(p); }
__device__ uint64_t constant_address(const void* p) { return __cvta_generic_to_constant(p); }

#define ADDRESS_GLOBAL "l"(global_address(slots.global))
#define ADDRESS_SHARED "r"(shared_address(slots.shared))
#define ADDRESS_LOCAL "l"(local_address(slots.local))
#define ADDRESS_CONSTANT "l"(constant_address(slots.constant))
#define ADDRESS_GENERIC_GLOBAL "l"(slots.global)
#define ADDRESS_GENERIC_SHARED "l"(slots.shared)
#define ADDRESS_GENERIC_LOCAL "l"(slots.local)
#define ADDRESS_GENERIC_CONSTANT "l"(slots.constant)
#define CHANGED_GLOBAL "l"(global_address(slots.global + 1))
#define CHANGED_SHARED "r"(shared_address(slots.shared + 1))
#define CHANGED_LOCAL "l"(local_address(slots.local + 1))
#define CHANGED_GENERIC_GLOBAL "l"(slots.global + 1)
#define CHANGED_GENERIC_SHARED "l"(slots.shared + 1)
#define CHANGED_GENERIC_LOCAL "l"(slots.local + 1)
#define SLOT_GLOBAL (slots.global + 1)
#define SLOT_SHARED (slots.shared + 1)
#define SLOT_LOCAL (slots.local + 1)
#define SLOT_GENERIC_GLOBAL (slots.global + 1)
#define SLOT_GENERIC_SHARED (slots.shared + 1)
#define SLOT_GENERIC_LOCAL (slots.local + 1)

// The compiler must neither see through the address nor keep bytes of it in registers.
__device__ void touch(void* p) { asm volatile("" : : "l"(p) : "memory"); }

__device__ void fill(Slot* slot, const Slot& from) {
  for (int i = 0; i < kSlotWords; ++i) slot->words[i] = from.words[i];
  touch(slot);
}

__device__ void put_slot(uint64_t* __restrict__& outputs, Slot* slot) {
  touch(slot);
  put<kMemoryThreads>(outputs, slot->words[0]);
  put<kMemoryThreads>(outputs, slot->words[1]);
}

#define LOAD_1(D, address, text, ...) { registers::D r0; asm volatile(text " %0, [%1]" __VA_ARGS__ : "=" LETTER_##D(r0) : address, "l"(policy) : "memory"); put<kMemoryThreads>(outputs, r0); }
#define LOAD_2(D, address, text, ...)                                                                                       \
  { registers::D r0, r1;                                                                                                    \
    asm volatile(text " {%0, %1}, [%2]" __VA_ARGS__ : "=" LETTER_##D(r0), "=" LETTER_##D(r1) : address, "l"(policy) : "memory"); \
    put<kMemoryThreads>(outputs, r0); put<kMemoryThreads>(outputs, r1); }
#define LOAD_4(D, address, text, ...)                                                                                       \
  { registers::D r0, r1, r2, r3;                                                                                            \
    asm volatile(text " {%0, %1, %2, %3}, [%4]" __VA_ARGS__                                                                 \
                 : "=" LETTER_##D(r0), "=" LETTER_##D(r1), "=" LETTER_##D(r2), "=" LETTER_##D(r3) : address, "l"(policy) : "memory"); \
    put<kMemoryThreads>(outputs, r0); put<kMemoryThreads>(outputs, r1); put<kMemoryThreads>(outputs, r2); put<kMemoryThreads>(outputs, r3); }
#define POLICY_1 ", %2;"
#define POLICY_2 ", %3;"
#define POLICY_4 ", %5;"
#define LOAD(S, D, n, text) LOAD_##n(D, ADDRESS_##S, text, ";")
#define LOAD_BY_POLICY(S, D, n, text) LOAD_##n(D, ADDRESS_##S, text, POLICY_##n)

#define VALUE(D, i) LETTER_##D(registers::D(value_of<registers::D>(values, i)))
#define STORE_1(D, address, text, ...) asm volatile(text " [%0], %1" __VA_ARGS__ : : address, VALUE(D, 0), "l"(policy) : "memory");
#define STORE_2(D, address, text, ...) asm volatile(text " [%0], {%1, %2}" __VA_ARGS__ : : address, VALUE(D, 0), VALUE(D, 1), "l"(policy) : "memory");
#define STORE_4(D, address, text, ...) \
  asm volatile(text " [%0], {%1, %2, %3, %4}" __VA_ARGS__ : : address, VALUE(D, 0), VALUE(D, 1), VALUE(D, 2), VALUE(D, 3), "l"(policy) : "memory");
#define STORE(S, D, n, text) { fill(SLOT_##S, blank); STORE_##n(D, CHANGED_##S, text, ";") put_slot(outputs, SLOT_##S); }
#define STORE_BY_POLICY(S, D, n, text) { fill(SLOT_##S, blank); STORE_##n(D, CHANGED_##S, text, POLICY_##n) put_slot(outputs, SLOT_##S); }

#define ATOM(S, T, text, e)                                                                                                    \
  { fill(SLOT_##S, image); registers::T before;                                                                                \
    asm volatile(text " %0, [%1], %2;" : "=" LETTER_##T(before) : CHANGED_##S, VALUE(T, 0) : "memory");                        \
    put<kMemoryThreads>(outputs, before); put_slot(outputs, SLOT_##S); }
#define RED(S, T, text, e)                                                                                                     \
  { fill(SLOT_##S, image); asm volatile(text " [%0], %1;" : : CHANGED_##S, VALUE(T, 0) : "memory"); put_slot(outputs, SLOT_##S); }
#define CAS(S, T, text)                                                                                                        \
  { fill(SLOT_##S, image); registers::T before;                                                                                \
    const registers::T expected = threadIdx.x % 2 == 0 ? value_of<registers::T>(image, 0) : value_of<registers::T>(values, 0);  \
    asm volatile(text " %0, [%1], %2, %3;" : "=" LETTER_##T(before) : CHANGED_##S, LETTER_##T(expected), VALUE(T, 1) : "memory"); \
    put<kMemoryThreads>(outputs, before); put_slot(outputs, SLOT_##S); }

/// Element i of a slot, seen as an array of T.
template <class T>
__device__ T value_of(const Slot& slot, int i) {
  T value;
  memcpy(&value, reinterpret_cast<const char*>(&slot) + i * sizeof(T), sizeof value);
  return value;
}

// inputs: four slots a thread: the image, one to change, the values, one more.
__global__ void ptx_memory_kernel(Slot* inputs, uint64_t* __restrict__ outputs) {
  __shared__ Slot shared_slots[kMemoryThreads][2];
  Slot local_slots[2], blank;
  Slot* const mine = inputs + kSlots * threadIdx.x;
  const Slot image = mine[0], values = mine[2];
  for (uint64_t& word : blank.words) word = 0xeeeeeeeeeeeeeeee;
  const Slots slots{mine, shared_slots[threadIdx.x], local_slots, &constant_slots[kSlots * threadIdx.x]};
  fill(slots.shared, image);
  fill(slots.local, image);
  uint64_t policy;
  asm volatile("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(policy));
#include "kernels/cuda_on_cpu/ptx_memory_cases.h"
}

/// Every other policy, used once.
__global__ void ptx_policies_kernel(const uint32_t* from, uint32_t* to) {
#define COPY_BY(policy, ...)                                                                                                          \
  asm volatile("{ .reg .b64 policy; createpolicy.fractional.L2::" policy ".b64 policy" __VA_ARGS__ "; .reg .u32 x;"                   \
               " ld.global.L2::cache_hint.u32 x, [%0], policy; st.global.L2::cache_hint.u32 [%1], x, policy; }"                        \
               : : "l"(global_address(from++)), "l"(global_address(to++)) : "memory");
  COPY_BY("evict_last", ", 0.5") COPY_BY("evict_normal") COPY_BY("evict_first") COPY_BY("evict_unchanged")
#undef COPY_BY
}

}  // namespace

void run_memory_cases(uint64_t* inputs, uint64_t* outputs) {
  CUDA_CALL(cudaMemcpyToSymbol(constant_slots, inputs, sizeof constant_slots, 0, cudaMemcpyDeviceToDevice));
  ptx_memory_kernel<<<1, kMemoryThreads>>>(reinterpret_cast<Slot*>(inputs), outputs);
  CUDA_LAUNCHED(ptx_memory_kernel);
}

void run_policies(const uint32_t* from, uint32_t* to) {
  ptx_policies_kernel<<<1, 1>>>(from, to);
  CUDA_LAUNCHED(ptx_policies_kernel);
}

}  // namespace skewbench::cuda_on_cpu
