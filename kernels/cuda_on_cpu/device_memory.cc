#include "kernels/cuda_on_cpu/device_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>

#include "kernels/cuda_on_cpu/block_checks.h"
#include "kernels/cuda_on_cpu/fault_handler.h"
#include "kernels/cuda_on_cpu/settings.h"
#include "kernels/cuda_on_cpu/thread.h"

namespace skewbench::cuda_on_cpu {

uint64_t device_base = 0;
uint64_t device_offset = 0;

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kAlignment = 256;
constexpr uint64_t kGap = 1024;  // no array's overrun by a row of small size hits the next one

[[noreturn]] void no_memory(const char* call) {
  std::fprintf(stderr, "CUDA on the CPU: device memory cannot be set up: %s: %s\n", call, std::strerror(errno));
  std::_Exit(2);
}

class DeviceMemory {
 public:
  DeviceMemory() {
    // Freed addresses are not used again soon, so there are more of them than bytes.
    reach_ = std::min(kDeviceWindow / 2, (4 * settings().memory_bytes + kPage - 1) / kPage * kPage + (uint64_t{1} << 30));
    constexpr int kReserve = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* const window = mmap(nullptr, kDeviceWindow, PROT_NONE, kReserve, -1, 0);
    void* const view = mmap(nullptr, kDeviceWindow, PROT_NONE, kReserve, -1, 0);
    if (window == MAP_FAILED || view == MAP_FAILED) no_memory("mmap");
    if (mprotect(view, reach_, PROT_READ | PROT_WRITE) != 0) no_memory("mprotect");
    device_base = reinterpret_cast<uint64_t>(window);
    device_offset = reinterpret_cast<uint64_t>(view) - device_base;
    install_fault_handler();
    free_[device_base + kGap] = device_base + reach_ - kGap;
  }

  uint64_t allocate(uint64_t bytes, bool is_variable) {
    if (bytes == 0 || bytes > settings().memory_bytes - used_) return 0;
    const uint64_t needed = (bytes + kAlignment - 1) / kAlignment * kAlignment + kGap;
    auto place = first_fit(needed);
    while (place == free_.end() && !freed_.empty()) {
      reuse(freed_.front());
      freed_.pop_front();
      place = first_fit(needed);
    }
    if (place == free_.end()) return 0;
    const auto [begin, end] = *place;
    free_.erase(place);
    if (end - begin > needed) free_[begin + needed] = end;
    allocations_[begin] = {begin, bytes, is_variable};
    used_ += bytes;
    std::memset(host_view(begin), 0xFF, bytes);
    return begin;
  }

  bool release(uint64_t address) {
    const auto found = allocations_.find(address);
    if (found == allocations_.end() || found->second.is_variable) return false;
    const Allocation gone = found->second;
    allocations_.erase(found);
    used_ -= gone.bytes;
    freed_.push_back(gone);
    // Whole pages go back to the system.
    const uint64_t begin = (gone.begin + kPage - 1) / kPage * kPage, end = gone.end() / kPage * kPage;
    drop_global_cells(gone);
    if (end > begin) madvise(host_view(begin), end - begin, MADV_DONTNEED);
    return true;
  }

  const Allocation* find(uint64_t address) const {
    const Allocation* before = not_after(address);
    return before != nullptr && address < before->end() ? before : nullptr;
  }

  std::string describe(uint64_t address) const {
    for (auto gone = freed_.rbegin(); gone != freed_.rend(); ++gone)
      if (address >= gone->begin && address < gone->end())
        return fmt::format("{} bytes into an allocation of {} bytes that was freed", address - gone->begin, gone->bytes);
    const Allocation* before = not_after(address);
    if (before != nullptr && address < before->end()) return fmt::format("{} bytes into an allocation of {} bytes", address - before->begin, before->bytes);
    const auto after = allocations_.upper_bound(address);
    const uint64_t behind = before != nullptr ? address - before->end() : UINT64_MAX;
    const uint64_t ahead = after != allocations_.end() ? after->first - address : UINT64_MAX;
    if (behind <= ahead && behind < UINT64_MAX) return fmt::format("{} bytes behind an allocation of {} bytes", behind, before->bytes);
    if (ahead < UINT64_MAX) return fmt::format("{} bytes before an allocation of {} bytes", ahead, after->second.bytes);
    return "in no allocation";
  }

  uint64_t used() const { return used_; }
  uint64_t reach() const { return reach_; }

 private:
  using Ranges = std::map<uint64_t, uint64_t>;  // begin to end

  Ranges::iterator first_fit(uint64_t needed) {
    auto place = free_.begin();
    while (place != free_.end() && place->second - place->first < needed) ++place;
    return place;
  }

  void reuse(const Allocation& gone) {
    uint64_t begin = gone.begin, end = begin + (gone.bytes + kAlignment - 1) / kAlignment * kAlignment + kGap;
    auto next = free_.lower_bound(begin);
    if (next != free_.begin() && std::prev(next)->second == begin) {
      begin = std::prev(next)->first;
      free_.erase(std::prev(next));
    }
    if (next != free_.end() && next->first == end) {
      end = next->second;
      free_.erase(next);
    }
    free_[begin] = end;
  }

  const Allocation* not_after(uint64_t address) const {
    const auto next = allocations_.upper_bound(address);
    return next == allocations_.begin() ? nullptr : &std::prev(next)->second;
  }

  uint64_t reach_ = 0, used_ = 0;
  std::map<uint64_t, Allocation> allocations_;
  std::deque<Allocation> freed_;  // oldest first; not yet used again
  Ranges free_;
};

DeviceMemory& memory() {
  static DeviceMemory& all = *new DeviceMemory;  // static objects of other files hold device memory to the very end
  return all;
}

}  // namespace

uint64_t allocate_device(uint64_t bytes, bool is_variable) { return memory().allocate(bytes, is_variable); }
bool release_device(uint64_t address) { return memory().release(address); }
const Allocation* find_allocation(uint64_t address) { return memory().find(address); }
std::string describe_address(uint64_t address) { return memory().describe(address); }
bool is_device_address(uint64_t address) { return memory().reach() > 0 && address - device_base < kDeviceWindow; }
std::byte* host_view(uint64_t address) { return reinterpret_cast<std::byte*>(address + device_offset); }
uint64_t device_bytes_used() { return memory().used(); }
uint64_t device_bytes_total() { return settings().memory_bytes; }
uint64_t device_reach() { return memory().reach(); }

}  // namespace skewbench::cuda_on_cpu
