#include "kernels/cuda_on_cpu/report.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>

namespace skewbench::cuda_on_cpu {

std::string demangled(const char* name) {
  int status = 0;
  char* const text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = text != nullptr ? text : name;
  std::free(text);
  return result;
}

std::string in_brackets(std::span<const uint32_t> index) { return fmt::format("({},{},{})", index[0], index[1], index[2]); }

std::string thread_name(const Block& block, uint32_t thread) { return "thread " + in_brackets(block.threads[thread].tid); }

std::string at(const Place* place) {
  if (place == nullptr) return "an unknown place";
  return fmt::format("{}:{}: {}", place->file, place->line, place->instruction);
}

std::string report(const Launch& launch, std::span<const uint32_t> block, const MachineThread& thread, const Place* place,
                   const std::string& what) {
  return fmt::format("CUDA on the CPU: {}\n  kernel {} <<<{}, {}>>>\n  block {}, thread {} (warp {}, lane {})\n  at {}\n", what,
                     demangled(launch.kernel->name), in_brackets(launch.grid), in_brackets(launch.block), in_brackets(block),
                     in_brackets(thread.tid), thread.warp, thread.lane, at(place));
}

}  // namespace skewbench::cuda_on_cpu
