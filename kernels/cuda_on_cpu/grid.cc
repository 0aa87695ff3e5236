#include "kernels/cuda_on_cpu/grid.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

#include "kernels/cuda_on_cpu/fault_handler.h"
#include "kernels/cuda_on_cpu/launch_log.h"
#include "kernels/cuda_on_cpu/watchdog.h"

namespace skewbench::cuda_on_cpu {

uint32_t modes = kChecks;

namespace {

/// In which order the blocks [0, count) run: a walk of a step that has no divisor in common with their number.
class BlockOrder {
 public:
  BlockOrder(uint64_t count, const Settings& s) : count_(count) {
    if (s.order == Order::reversed) first_ = count - 1, step_ = count - 1;
    if (s.order != Order::random || count < 3) return;
    const uint64_t mixed = (s.seed + 1) * 0x9E3779B97F4A7C15u;
    first_ = (mixed >> 20) % count;
    step_ = 1 + (mixed >> 7) % (count - 1);
    while (std::gcd(step_, count) != 1) step_ = step_ % (count - 1) + 1;
  }
  uint64_t at(uint64_t i) const { return static_cast<uint64_t>((first_ + static_cast<unsigned __int128>(i) * step_) % count_); }

 private:
  uint64_t count_, first_ = 0, step_ = 1;
};

// Blocks with their stacks are kept from launch to launch.
Block& block_of_thread(std::size_t i) {
  static std::vector<std::unique_ptr<Block>>& blocks = *new std::vector<std::unique_ptr<Block>>;
  while (blocks.size() <= i) blocks.push_back(std::make_unique<Block>());
  return *blocks[i];
}

void tell(const Launch& launch, const Counts& counts, std::chrono::duration<double> time) {
  LaunchReport report{};
  report.kernel = launch.kernel->name;
  std::copy_n(launch.grid, 3, report.grid);
  std::copy_n(launch.block, 3, report.block);
  report.dynamic_shared_bytes = launch.dynamic_shared_bytes;
  report.seconds = time.count();
  report.instructions = counts.instructions;
  report.global_bytes_read = counts.global_bytes_read;
  report.global_bytes_written = counts.global_bytes_written;
  report.shared_bytes_read = counts.shared_bytes_read;
  report.shared_bytes_written = counts.shared_bytes_written;
  on_launch(report);
}

}  // namespace

void run_grid(Launch& launch) {
  const auto start = std::chrono::steady_clock::now();
  const Settings& s = settings();
  modes = (s.checks ? uint32_t{kChecks} : 0u) | (counts_launches || !s.counts_file.empty() ? uint32_t{kCounts} : 0u);
  static uint32_t launches = 0;
  launch.number = ++launches;
  const BlockOrder order(launch.blocks(), s);
  std::atomic<uint64_t> next = 0;
  const auto work = [&](Block& block) {
    prepare_thread_for_faults();
    const Watched watched(block);
    block.prepare(launch);
    while (!launch.is_abandoned) {
      const uint64_t i = next++;
      if (i >= launch.blocks() || !block.run(order.at(i))) return;
    }
  };
  const auto helpers = static_cast<std::size_t>(std::min<uint64_t>(static_cast<uint64_t>(s.threads), launch.blocks()) - 1);
  launch.is_shared = helpers > 0;
  std::vector<std::thread> threads;
  block_of_thread(helpers);
  for (std::size_t i = 1; i <= helpers; ++i) threads.emplace_back(work, std::ref(block_of_thread(i)));
  work(block_of_thread(0));
  for (std::thread& thread : threads) thread.join();
  if (launch.is_abandoned) return;
  Counts counts;
  for (std::size_t i = 0; i <= helpers; ++i) counts.add(block_of_thread(i).counts);
  counts.launches = 1;
  keep_counts(launch, counts);
  if (on_launch != nullptr) tell(launch, counts, std::chrono::steady_clock::now() - start);
}

}  // namespace skewbench::cuda_on_cpu
