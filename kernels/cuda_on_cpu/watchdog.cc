#include "kernels/cuda_on_cpu/watchdog.h"

#include <fmt/format.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/report.h"

namespace skewbench::cuda_on_cpu {
namespace {

/// Between being told and being interrupted, and between that and the end of the process: processor time that a block which
/// does call the machine will not spend without doing so.
double grace_seconds() { return std::min(1.0, settings().watchdog_s); }

struct Entry {
  Block* block;
  pthread_t thread;
  clockid_t clock;
  uint64_t run = 0;    // of the block that was seen running
  double since = 0;    // on the thread's clock
  int warnings = 0;
};

double now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

class Watchdog {
 public:
  void add(Block& block) {
    const std::lock_guard lock(mutex_);
    Entry entry{&block, pthread_self(), {}};
    pthread_getcpuclockid(entry.thread, &entry.clock);
    entries_.push_back(entry);
    if (!is_awake_) std::thread(&Watchdog::watch, this).detach();
    is_awake_ = true;
  }
  void remove(Block& block) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const Entry& entry) { return entry.block == &block; });
  }

 private:
  [[noreturn]] void watch() {
    for (;;) {
      std::this_thread::sleep_for(std::chrono::duration<double>(std::clamp(settings().watchdog_s / 8, 0.01, 0.25)));
      const std::lock_guard lock(mutex_);
      for (Entry& entry : entries_) look_at(entry);
    }
  }

  void look_at(Entry& entry) {
    const uint64_t run = entry.block->runs;
    const double time = now(entry.clock);
    if (run != entry.run) {
      entry.run = run;
      entry.since = time;
      entry.warnings = 0;
    }
    const double limit = settings().watchdog_s + entry.warnings * grace_seconds();
    if (time - entry.since < limit) return;
    switch (entry.warnings++) {
      case 0: entry.block->is_late = true; break;
      case 1: pthread_kill(entry.thread, late_signal()); break;
      default: give_up(*entry.block);
    }
  }

  [[noreturn]] static void give_up(const Block& block) {
    const std::string text = report(*block.launch, block.index, *block.current, nullptr, "the block does not end, and cannot be interrupted");
    std::fputs(text.c_str(), stderr);
    std::_Exit(3);
  }

  std::mutex mutex_;
  std::vector<Entry> entries_;
  bool is_awake_ = false;
};

Watchdog& watchdog() {
  static Watchdog& one = *new Watchdog;  // its thread outlives static objects
  return one;
}

}  // namespace

Watched::Watched(Block& block) : block_(block) { watchdog().add(block); }
Watched::~Watched() { watchdog().remove(block_); }

int late_signal() { return SIGURG; }

}  // namespace skewbench::cuda_on_cpu
