// The report where no thread of a block can go on.
#include <fmt/format.h>

#include <map>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/report.h"

namespace skewbench::cuda_on_cpu {

void Block::deadlock() {
  struct Group {
    uint32_t threads = 0, first = 0;
  };
  std::map<std::string, Group> groups;  // by what they wait for
  const MachineThread* named = nullptr;
  for (const MachineThread& thread : threads) {
    if (thread.state != MachineThread::State::at_barrier && thread.state != MachineThread::State::at_collective) continue;
    const bool is_barrier = thread.state == MachineThread::State::at_barrier;
    const std::string what = is_barrier ? fmt::format("at barrier {}", thread.barrier)
                                        : fmt::format("in a warp operation of warp {} with mask 0x{:08x}", thread.warp, thread.mask);
    Group& group = groups[what + ", " + at(thread.place)];
    if (group.threads++ == 0) group.first = thread.number;
    if (named == nullptr) named = &thread;
  }
  std::string text = fmt::format("deadlock: each of the {} threads that have not returned waits", live);
  for (const auto& [what, group] : groups)
    text += fmt::format("\n    {} ({}{}) {}", group.threads == 1 ? "1 thread" : fmt::format("{} threads", group.threads),
                        group.threads == 1 ? "" : "first ", thread_name(*this, group.first), what);
  find(*named, cudaErrorLaunchTimeout, named->place, text);
}

}  // namespace skewbench::cuda_on_cpu
