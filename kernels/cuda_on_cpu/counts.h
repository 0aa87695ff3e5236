// What launches do, counted: instructions, and the bytes that threads ask for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

struct Launch;

struct Counts {
  uint64_t launches = 0;
  uint64_t instructions = 0;  ///< PTX, over all threads
  /// As requested, whatever a cache would serve; an atomic operation reads and writes.
  uint64_t global_bytes_read = 0, global_bytes_written = 0;
  uint64_t shared_bytes_read = 0, shared_bytes_written = 0;
  uint64_t local_bytes_read = 0, local_bytes_written = 0;
  /// Each byte of global memory once a launch.
  uint64_t distinct_bytes_read = 0, distinct_bytes_written = 0;

  void add(const Counts& other);
};

/// By mangled name, since the last call.
std::map<std::string, Counts> take_counts();

/// Names of the kernels launched since the last call, mangled, in the order of their launches.
std::vector<std::string> take_launched_kernels();

// --- for the machine

/// Counts one access. Blocks on several OS threads may do so at once, each into counts of its own.
void count_access(Counts& counts, uint32_t launch, Space space, uint64_t address, uint32_t bytes, Access access);

/// After a launch's last block.
void keep_counts(const Launch& launch, const Counts& counts);

}  // namespace skewbench::cuda_on_cpu
