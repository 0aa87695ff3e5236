#include "bench/kernels/counting.h"

#include "kernels/cuda_on_cpu/launch_log.h"

// Defined in programs that are linked with translated kernels; null elsewhere.
namespace skewbench::cuda_on_cpu {
extern void (*on_launch)(const LaunchReport&) __attribute__((weak));
extern bool counts_launches __attribute__((weak));
}  // namespace skewbench::cuda_on_cpu

namespace skewbench::bench_kernels {
namespace {

std::vector<LaunchCount> heard;  // on_launch takes a plain function

void hear(const cuda_on_cpu::LaunchReport& launch) {
  const auto volume = [](const uint32_t (&size)[3]) { return static_cast<int64_t>(size[0]) * size[1] * size[2]; };
  heard.push_back({launch.kernel, volume(launch.grid), volume(launch.block), launch.dynamic_shared_bytes,
                   static_cast<int64_t>(launch.instructions), static_cast<int64_t>(launch.global_bytes_read),
                   static_cast<int64_t>(launch.global_bytes_written)});
}

}  // namespace

std::vector<LaunchCount> count_launches(const std::function<void()>& call) {
  heard.clear();
  if (&cuda_on_cpu::on_launch == nullptr || &cuda_on_cpu::counts_launches == nullptr) {
    call();
    return {};
  }
  cuda_on_cpu::on_launch = hear;
  cuda_on_cpu::counts_launches = true;
  call();
  cuda_on_cpu::counts_launches = false;
  cuda_on_cpu::on_launch = nullptr;
  return heard;
}

}  // namespace skewbench::bench_kernels
