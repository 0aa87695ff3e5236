// Errors that a user can cause: one clear sentence with the values, thrown as skewbench::Error.
//
// Nothing below main() prints or exits. The kernels know no MPI, so an Error travels up to the program, which decides
// (bench/train/main.cc, partitions/partition_main.cc): agree over the ranks, print once, exit non-zero everywhere.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace skewbench {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws Error with the formatted sentence. Use for what a user or a file can get wrong; assert() is for our own logic.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> sentence, Args&&... args) {
  throw Error(fmt::format(sentence, std::forward<Args>(args)...));
}

/// What the messages of CUDA, NCCL and cuDNN calls name besides the call: rank and case, set once by the program. The
/// kernels know of neither.
inline std::string& error_context() {
  static std::string context;
  return context;
}

/// REQUIRE(condition, "K={} must be divisible by G={}", K, G): throws Error unless the condition holds.
#define REQUIRE(condition, ...)            \
  do {                                     \
    if (!(condition)) ::skewbench::fail(__VA_ARGS__); \
  } while (0)

}  // namespace skewbench
