// What the environment says about execution on the CPU; README.md has the table of variables.
#pragma once

#include <cstdint>
#include <string>

namespace skewbench::cuda_on_cpu {

enum class Order { forward, reversed, random };

struct Settings {
  Order order = Order::forward;  ///< SKEWBENCH_CUDA_ORDER: in which threads start and wake, and blocks run
  uint64_t seed = 0;             ///< of a random order
  int threads = 1;               ///< SKEWBENCH_CUDA_THREADS: OS threads that share the blocks of a grid
  bool checks = true;            ///< SKEWBENCH_CUDA_CHECKS
  uint64_t memory_bytes = uint64_t{8} << 30;  ///< SKEWBENCH_CUDA_MEMORY
  bool eager_streams = false;    ///< SKEWBENCH_CUDA_STREAMS=eager
  int devices = 1;               ///< SKEWBENCH_CUDA_DEVICES: 0 or 1
  bool shared_device = false;    ///< SKEWBENCH_CUDA_SHARED_DEVICE: all processes see one device, otherwise each has its own
  int driver = 0;                ///< SKEWBENCH_CUDA_DRIVER as 1000 major + 10 minor; 0: as new as the runtime
  double watchdog_s = 60;        ///< SKEWBENCH_CUDA_WATCHDOG: processor time that one block may take
  std::string counts_file;       ///< SKEWBENCH_CUDA_COUNTS
};

/// Read from the environment at the first call. A value that is not understood ends the process with a sentence.
Settings& settings();

/// The same for given text, for tests: empty, or the sentence that refuses the value of `variable`.
std::string apply_setting(Settings& settings, const std::string& variable, const std::string& value);

}  // namespace skewbench::cuda_on_cpu
