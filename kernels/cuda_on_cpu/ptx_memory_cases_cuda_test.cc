// Every load, store and atomic operation of ptx_memory_cases.h against the bytes that it must move or leave.
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/ptx_cases.h"
#include "kernels/cuda_on_cpu/ptx_cases_test.h"
#include "kernels/cuda_on_cpu/ptx_machine_cases.h"

namespace skewbench::cuda_on_cpu {
namespace {

using namespace reference;

/// A thread's slots, byte by byte.
struct Memory {
  const unsigned char* image;
  const unsigned char* values;
  bool is_even;  ///< threads of even number find what compare-and-swap expects
};

using Results = std::vector<Bits>;

struct Case {
  const char* text;
  const char* type;
  Results (*results)(const Memory& memory);  ///< in the order in which the kernel puts them out
};

/// Element i of a slot, seen as an array of what a register holds: a byte's register has 16 bits.
template <class T>
T element(const unsigned char* slot, int i) {
  T value;
  std::memcpy(&value, slot + i * (sizeof(T) == 1 ? 2 : sizeof(T)), sizeof value);
  return value;
}

template <class T, int n>
Results loaded(const Memory& memory) {
  Results results;
  for (int i = 0; i < n; ++i) {
    T value;
    std::memcpy(&value, memory.image + i * sizeof(T), sizeof value);
    results.push_back(to_bits(value));
  }
  return results;
}

/// The two words of a slot after `bytes` at its start were overwritten.
Results slot_with(const void* from, size_t bytes, const unsigned char* before) {
  unsigned char slot[16];
  std::memcpy(slot, before, sizeof slot);
  std::memcpy(slot, from, bytes);
  Results words(2);
  std::memcpy(words.data(), slot, sizeof slot);
  return words;
}

template <class T, int n>
Results stored(const Memory& memory) {
  const std::vector<unsigned char> blank(16, 0xee);
  T elements[n];
  for (int i = 0; i < n; ++i) elements[i] = element<T>(memory.values, i);
  return slot_with(elements, sizeof elements, blank.data());
}

template <class T>
Results updated(const Memory& memory, T (*update)(T v, T b), bool returns_before) {
  const T before = element<T>(memory.image, 0), after = update(before, element<T>(memory.values, 0));
  Results results = slot_with(&after, sizeof after, memory.image);
  if (returns_before) results.insert(results.begin(), to_bits(before));
  return results;
}

template <class T>
Results swapped(const Memory& memory) {
  const T before = element<T>(memory.image, 0), expected = memory.is_even ? before : element<T>(memory.values, 0);
  const T after = before == expected ? element<T>(memory.values, 1) : before;
  Results results = slot_with(&after, sizeof after, memory.image);
  results.insert(results.begin(), to_bits(before));
  return results;
}

#define LOAD(S, D, n, text) {text, #D, loaded<D, n>},
#define STORE(S, D, n, text) {text, #D, stored<D, n>},
#define LOAD_BY_POLICY LOAD
#define STORE_BY_POLICY STORE
#define ATOM(S, T, text, e) \
  {text, #T, [](const Memory& memory) { return updated<T>(memory, []([[maybe_unused]] T v, T b) { return static_cast<T>(e); }, true); }},
#define RED(S, T, text, e) {text, #T, [](const Memory& memory) { return updated<T>(memory, [](T v, T b) { return static_cast<T>(e); }, false); }},
#define CAS(S, T, text) {text, #T, swapped<T>},

constexpr Case kCases[] = {
#include "kernels/cuda_on_cpu/ptx_memory_cases.h"
};

/// Bytes that are all different where they can be, with signs; the first word is a small number in some threads, for inc and dec.
std::vector<Bits> slots() {
  std::vector<Bits> words;
  for (int thread = 0; thread < kMemoryThreads; ++thread)
    for (int slot = 0; slot < kSlots; ++slot) {
      unsigned char bytes[16];
      for (int i = 0; i < 16; ++i) bytes[i] = static_cast<unsigned char>(17 * i + 83 * thread + 150 * slot + 61);
      if (thread % 4 == 1) std::memset(bytes, 0, 4);
      if (thread % 4 == 2) std::memset(bytes, slot == 2 ? 3 : 2, 8);
      if (thread % 4 == 3) std::memset(bytes, 0x3c, 8);
      Bits pair[2];
      std::memcpy(pair, bytes, sizeof pair);
      words.insert(words.end(), pair, pair + 2);
    }
  return words;
}

Memory memory_of(const std::vector<Bits>& inputs, int thread) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(inputs.data() + thread * kSlots * kSlotWords);
  return {bytes, bytes + 2 * kSlotWords * sizeof(Bits), thread % 2 == 0};
}

TEST(PtxMemoryCases, LoadsStoresAndAtomics) {
  const std::vector<Bits> inputs = slots();
  size_t results = 0;
  for (const Case& one : kCases) results += one.results(memory_of(inputs, 0)).size();
  const Device device_inputs(inputs.size()), device_outputs(results * kMemoryThreads);
  device_inputs.write(inputs);
  run_memory_cases(device_inputs.get(), device_outputs.get());
  CUDA_CALL(cudaDeviceSynchronize());
  const std::vector<Bits> outputs = device_outputs.read();
  size_t at = 0;
  for (const Case& one : kCases) {
    size_t length = 0;
    for (int thread = 0; thread < kMemoryThreads; ++thread) {
      const Results wanted = one.results(memory_of(inputs, thread));
      length = wanted.size();
      for (size_t i = 0; i < length; ++i) {
        const Bits got = outputs[(at + i) * kMemoryThreads + static_cast<size_t>(thread)];
        EXPECT_EQ(got, wanted[i]) << fmt::format("{} ({}), thread {}, result {}: {:#x}, not {:#x}", one.text, one.type, thread, i, got, wanted[i]);
      }
    }
    at += length;
  }
}

TEST(PtxMemoryCases, Policies) {
  const Device from(2), to(2);
  from.write({0x1122334455667788, 0x99aabbccddeeff00});
  to.write({0, 0});
  run_policies(reinterpret_cast<const uint32_t*>(from.get()), reinterpret_cast<uint32_t*>(to.get()));
  CUDA_CALL(cudaDeviceSynchronize());
  EXPECT_EQ(to.read(), from.read());
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
