// Fibres: stacks that one OS thread switches between by hand. Each runs CUDA threads, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace skewbench::cuda_on_cpu {

/// Where an execution goes on: a stack pointer, below which the registers lie that a call preserves.
struct Context {
#if defined(__x86_64__)
  void* stack_pointer = nullptr;
#else
  ucontext_t registers{};
#endif
};

/// Saves where the caller is in `from` and goes on at `to`. Returns when someone switches back.
void switch_context(Context& from, const Context& to);

/// A stack with a guard page below it. Must not be moved: the stack's owner is known by its address.
class Fibre {
 public:
  /// `number` shifts the top of the stack by some cache lines: equal frames of equal stacks would all compete for the
  /// same sets of the cache.
  explicit Fibre(uint32_t number);
  ~Fibre();
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  /// The next switch to context() calls entry(), which must not return. What was on the stack is forgotten.
  void restart(void (*entry)());

  bool has_guard_at(const void* address) const;

  Context context;

 private:
  std::byte* memory_;
  std::byte* top_;
};

}  // namespace skewbench::cuda_on_cpu
