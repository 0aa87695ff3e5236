// How translated code reaches memory.
//
// What does not change during a launch (the modes, the offsets of device and shared memory) is in local variables of the
// kernel, so that an access without checks is one test of a register and one move.
#pragma once

#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

struct Memory {
  explicit Memory(Thread& of) : thread(of), mode_bits(modes), base(device_base), offset(device_offset), shared(of.shared) {}

  Thread& thread;
  const uint32_t mode_bits;
  const uint64_t base, offset;
  std::byte* const shared;

  template <Space space>
  std::byte* at(uint64_t address) const {
    if constexpr (space == Space::global) return reinterpret_cast<std::byte*>(address + offset);
    if constexpr (space == Space::shared) return shared + static_cast<uint32_t>(address);
    if constexpr (space == Space::generic)
      return reinterpret_cast<std::byte*>(address - base < kDeviceWindow ? address + offset : address);
    return reinterpret_cast<std::byte*>(address);  // local memory is on the fibre's stack
  }

  template <Space space, class T>
  T load(uint64_t address, const Place* place) const {
    if (__builtin_expect(mode_bits != 0, 0)) inspect(thread, space, address, sizeof(T), Access::read, place);
    T value;
    __builtin_memcpy(&value, at<space>(address), sizeof(T));
    return value;
  }

  template <Space space, class T>
  void store(uint64_t address, T value, const Place* place) const {
    if (__builtin_expect(mode_bits != 0, 0)) inspect(thread, space, address, sizeof(T), Access::write, place);
    __builtin_memcpy(at<space>(address), &value, sizeof(T));
  }

  /// Replaces the value by update(value) in one step and returns the one before: blocks may run on several cores.
  template <Space space, class T, class Update>
  T atomic(uint64_t address, Update update, const Place* place) const {
    if (__builtin_expect(mode_bits != 0, 0)) inspect(thread, space, address, sizeof(T), Access::atomic, place);
    T* const where = reinterpret_cast<T*>(at<space>(address));
    T before, after;
    __atomic_load(where, &before, __ATOMIC_RELAXED);
    do after = update(before);
    while (!__atomic_compare_exchange(where, &before, &after, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return before;
  }

  /// At the head of a basic block.
  void count(uint32_t instructions) const {
    if (__builtin_expect(mode_bits & kCounts, 0)) count_instructions(thread, instructions);
  }
};

/// Parameters of kernels and functions: not memory that other threads see, so nothing to inspect.
template <class T>
inline T read_parameter(const void* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof(T));
  return value;
}

template <class T>
inline void write_parameter(void* to, T value) {
  __builtin_memcpy(to, &value, sizeof(T));
}

/// The address that device code has for local memory, a parameter, or (as a generic one) shared memory; and back.
inline uint64_t address_of(const void* host) { return reinterpret_cast<uint64_t>(host); }
inline std::byte* pointer_to(uint64_t address) { return reinterpret_cast<std::byte*>(address); }

/// Change of a comparison's bound by the two mutants `site` (+1) and `site` + 1 (-1).
inline uint32_t bound_shift(uint32_t mutant, uint32_t site) {
  return mutant == site ? 1u : mutant == site + 1 ? ~0u : 0u;
}

}  // namespace skewbench::cuda_on_cpu
