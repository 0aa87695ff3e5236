// oneDNN for production ops: the engine and stream of a thread, scratch memory, execution, and its errors as ours.
//
// Included by *_host.cc only, so that no header of an op needs oneDNN.
#pragma once

#include "kernels/base/error.h"

#include <dnnl.hpp>

#include <utility>
#include <vector>

namespace skewbench::dnnl_support {

/// Runs `call` and turns a dnnl::error into Error("oneDNN: <what> failed: <message> (status n)").
template <class Call>
decltype(auto) checked(const char* what, Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (const dnnl::error& error) {
    fail("oneDNN: {} failed: {} (status {})", what, error.message, static_cast<int>(error.status));
  }
}

/// The CPU engine and the in-order stream of the calling thread. The first call on a thread limits OpenMP to that one
/// thread: primitives made later choose their blocking for it.
const dnnl::engine& engine();
dnnl::stream& stream();

/// A primitive with its memory objects, made once and executed with new addresses each time. `Slot`s are the indices
/// that bind() returned.
class Plan {
 public:
  Plan() = default;
  /// scratchpad: the primitive descriptor's, made with scratchpad_mode::user.
  Plan(dnnl::primitive primitive, const dnnl::memory::desc& scratchpad);

  int bind(int dnnl_argument, const dnnl::memory::desc& desc);  ///< returns the slot
  void set(int slot, const void* address);  ///< oneDNN takes no const; arguments bound as inputs are not written
  void execute(const char* what);           ///< throws Error; returns when the results are there

 private:
  dnnl::primitive primitive_;
  std::size_t scratchpad_bytes_ = 0;
  std::vector<dnnl::memory> memories_;      // memories_[0] is the scratchpad if there is one
  std::vector<dnnl_exec_arg_t> arguments_;  // one per memory, same order
  int first_ = 0;                           // slot 0's position
};

/// Scratch memory of the calling thread, at least `bytes` long, aligned to a cache line; its content does not survive
/// the next call. Shared by all plans, since a thread executes one at a time.
void* scratch(std::size_t bytes);

}  // namespace skewbench::dnnl_support
