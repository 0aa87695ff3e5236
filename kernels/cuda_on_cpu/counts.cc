#include "kernels/cuda_on_cpu/counts.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "kernels/base/error.h"
#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/device_memory.h"
#include "kernels/cuda_on_cpu/launch_log.h"
#include "kernels/cuda_on_cpu/report.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr uint32_t kLaunchBits = (1u << 28) - 1;

/// Which bytes of device memory a launch has touched: a word for each four bytes, with the launch's number in 28 bits and a bit
/// for each byte. So nothing has to be cleared between launches.
class TouchedBytes {
 public:
  TouchedBytes() {
    void* const memory = mmap(nullptr, device_reach(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(memory != MAP_FAILED, "there are no {} bytes of addresses for counting", device_reach());
    words_ = static_cast<std::atomic<uint32_t>*>(memory);
  }

  /// Returns how many of them are touched for the first time.
  uint32_t touch(uint64_t offset, uint32_t bytes, uint32_t launch) {
    uint32_t found = 0;
    for (uint64_t word = offset / 4; word <= (offset + bytes - 1) / 4; ++word) {
      const uint64_t first = std::max(offset, 4 * word), end = std::min(offset + bytes, 4 * word + 4);
      const uint32_t mask = ((1u << (end - first)) - 1) << first % 4;
      uint32_t before = words_[word].load(std::memory_order_relaxed), after;
      do after = (before >> 4 == launch ? before : launch << 4) | mask;
      while (!words_[word].compare_exchange_weak(before, after, std::memory_order_relaxed));
      found += static_cast<uint32_t>(std::popcount(after) - std::popcount(before >> 4 == launch ? before : launch << 4));
    }
    return found;
  }

 private:
  std::atomic<uint32_t>* words_;
};

struct Kept {
  std::map<std::string, Counts> by_kernel, for_the_file;
  std::vector<std::string> launched;
};

Kept& kept() {
  static Kept& all = *new Kept;
  return all;
}

void write_file() {
  std::string path = settings().counts_file;
  if (const std::size_t at = path.find("%p"); at != std::string::npos) path.replace(at, 2, std::to_string(getpid()));
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    std::fprintf(stderr, "CUDA on the CPU: SKEWBENCH_CUDA_COUNTS=%s cannot be written\n", path.c_str());
    return;
  }
  fmt::print(file, "kernel\tlaunches\tinstructions\tglobal_bytes_read\tglobal_bytes_written\tshared_bytes_read\tshared_bytes_written\t"
                   "local_bytes_read\tlocal_bytes_written\tdistinct_bytes_read\tdistinct_bytes_written\n");
  for (const auto& [name, c] : kept().for_the_file)
    fmt::print(file, "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", demangled(name.c_str()), c.launches, c.instructions, c.global_bytes_read,
               c.global_bytes_written, c.shared_bytes_read, c.shared_bytes_written, c.local_bytes_read, c.local_bytes_written,
               c.distinct_bytes_read, c.distinct_bytes_written);
  std::fclose(file);
}

}  // namespace

void Counts::add(const Counts& other) {
  launches += other.launches;
  instructions += other.instructions;
  global_bytes_read += other.global_bytes_read;
  global_bytes_written += other.global_bytes_written;
  shared_bytes_read += other.shared_bytes_read;
  shared_bytes_written += other.shared_bytes_written;
  local_bytes_read += other.local_bytes_read;
  local_bytes_written += other.local_bytes_written;
  distinct_bytes_read += other.distinct_bytes_read;
  distinct_bytes_written += other.distinct_bytes_written;
}

std::map<std::string, Counts> take_counts() { return std::exchange(kept().by_kernel, {}); }
std::vector<std::string> take_launched_kernels() { return std::exchange(kept().launched, {}); }

void count_access(Counts& counts, uint32_t launch, Space space, uint64_t address, uint32_t bytes, Access access) {
  static TouchedBytes read, written;
  const uint32_t reads = access == Access::write ? 0 : bytes, writes = access == Access::read ? 0 : bytes;
  switch (space) {
    case Space::global:
      counts.global_bytes_read += reads;
      counts.global_bytes_written += writes;
      if (address - device_base >= device_reach()) return;  // a fault, unless checks find it first
      if (reads > 0) counts.distinct_bytes_read += read.touch(address - device_base, bytes, launch & kLaunchBits);
      if (writes > 0) counts.distinct_bytes_written += written.touch(address - device_base, bytes, launch & kLaunchBits);
      return;
    case Space::shared:
      counts.shared_bytes_read += reads;
      counts.shared_bytes_written += writes;
      return;
    case Space::local:
    case Space::generic:
      counts.local_bytes_read += reads;
      counts.local_bytes_written += writes;
      return;
  }
}

void keep_counts(const Launch& launch, const Counts& counts) {
  constexpr std::size_t kMostNames = 1 << 20;  // a program that nobody asks must not grow without end
  if (kept().launched.size() < kMostNames) kept().launched.emplace_back(launch.kernel->name);
  if ((modes & kCounts) == 0) return;
  kept().by_kernel[launch.kernel->name].add(counts);
  if (settings().counts_file.empty()) return;
  static const int registered = std::atexit(write_file);
  (void)registered;
  kept().for_the_file[launch.kernel->name].add(counts);
}

}  // namespace skewbench::cuda_on_cpu
