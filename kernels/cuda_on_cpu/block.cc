#include "kernels/cuda_on_cpu/block.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "kernels/base/error.h"
#include "kernels/cuda_on_cpu/report.h"

namespace skewbench::cuda_on_cpu {
namespace {

thread_local Block* running = nullptr;  // on this OS thread

}  // namespace

Block* running_block() { return running; }

std::array<uint32_t, 3> position(const uint32_t (&size)[3], uint64_t number) {
  return {static_cast<uint32_t>(number % size[0]), static_cast<uint32_t>(number / size[0] % size[1]),
          static_cast<uint32_t>(number / (uint64_t{size[0]} * size[1]))};
}

// Every fibre's first and only function: threads, one after the other, for as long as nobody is ready who was woken.
void run_threads() {
  for (;;) {
    Block& block = *running;
    MachineThread& me = *block.current;
    block.launch->kernel->body(me, block.launch->parameters);
    block.thread_returned(me);
    ThreadFibre& fibre = *me.fibre;
    MachineThread* const next = block.pick();
    if (next != nullptr && next->state == MachineThread::State::unstarted) {
      next->fibre = &fibre;
      block.current = next;
      continue;
    }
    if (next == nullptr && block.live > 0) block.deadlock();
    block.idle_.push_back(&fibre);
    block.current = next;
    switch_context(fibre.context, next != nullptr ? next->fibre->context : block.scheduler_);
  }
}

Block::Block() {
  void* const memory = mmap(nullptr, kSharedWindow, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(memory != MAP_FAILED, "there are no addresses for shared memory");
  shared = static_cast<std::byte*>(memory);
  mprotect(shared, (kMaxSharedBytes + 4095) & ~4095u, PROT_READ | PROT_WRITE);
}

Block::~Block() { munmap(shared, kSharedWindow); }

uint32_t Block::random_below(uint32_t n) {
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
  return static_cast<uint32_t>((random_ >> 32) * n >> 32);
}

void Block::prepare(Launch& given) {
  launch = &given;
  has_checks = (modes & kChecks) != 0;
  counts = {};
  if (has_checks) checks.start_launch();
  order_kind_ = settings().order;
  random_ = settings().seed;
  const uint32_t count = given.threads();
  threads.resize(count);
  for (uint32_t t = 0; t < count; ++t) {
    MachineThread& thread = threads[t];
    std::copy_n(position(given.block, t).begin(), 3, thread.tid);
    std::copy_n(given.block, 3, thread.ntid);
    std::copy_n(given.grid, 3, thread.nctaid);
    thread.lane = t % kLanes;
    thread.warp = t / kLanes;
    thread.shared = shared;
    thread.shared_bytes = given.shared_bytes;
    thread.block = this;
    thread.number = t;
  }
  warps.resize((count + kLanes - 1) / kLanes);
  for (uint32_t w = 0; w < warps.size(); ++w) {
    const uint32_t lanes = std::min(kLanes, count - w * kLanes);
    warps[w].lanes = lanes == kLanes ? ~0u : (1u << lanes) - 1;
  }
  order_.resize(count);
  for (uint32_t t = 0; t < count; ++t) order_[t] = static_cast<uint16_t>(order_kind_ == Order::reversed ? count - 1 - t : t);
}

void Block::start_order() {
  if (order_kind_ != Order::random) return;
  for (uint32_t i = static_cast<uint32_t>(order_.size()); i > 1; --i) std::swap(order_[i - 1], order_[random_below(i)]);
}

void Block::thread_returned(MachineThread& me) {
  me.state = MachineThread::State::exited;
  --live;
  lane_returned(me);
  release_full_barriers();
}

bool Block::run(uint64_t of_number) {
  number = of_number;
  index = position(launch->grid, number);
  random_ += number * 0x9E3779B97F4A7C15u;
  for (MachineThread& thread : threads) {
    std::copy_n(index.begin(), 3, thread.ctaid);
    thread.state = MachineThread::State::unstarted;
    thread.async.copies.clear();
    thread.async.group_ends.clear();
    thread.locals.clear();
  }
  for (Warp& warp : warps) {
    warp.exited = 0;
    for (const auto& collective : warp.collectives) collective->arrived = 0;
  }
  for (Barrier& barrier : barriers) {
    barrier.is_open = false;
    barrier.waiting.clear();
    barrier.passed_on.clear();
  }
  std::memset(shared, 0xFF, launch->shared_bytes);
  if (has_checks) checks.start_block(static_cast<uint32_t>(threads.size()), launch->shared_bytes);
  is_late = false;
  runs.fetch_add(1, std::memory_order_relaxed);
  live = static_cast<uint32_t>(threads.size());
  started_ = 0;
  ready_.clear();
  start_order();

  running = this;
  ThreadFibre& first = idle_fibre();
  current = pick();
  current->fibre = &first;
  is_in_fibre = true;
  switch_context(scheduler_, first.context);
  is_in_fibre = false;
  running = nullptr;
  if (is_whole_) return true;
  idle_.clear();  // whatever the other fibres were about is given up
  for (const auto& fibre : fibres_) {
    fibre->restart(run_threads);
    idle_.push_back(fibre.get());
  }
  is_whole_ = true;
  launch->is_abandoned = true;
  return false;
}

ThreadFibre& Block::idle_fibre() {
  if (idle_.empty()) {
    fibres_.push_back(std::make_unique<ThreadFibre>(static_cast<uint32_t>(fibres_.size())));
    fibres_.back()->restart(run_threads);
    idle_.push_back(fibres_.back().get());
  }
  ThreadFibre& fibre = *idle_.back();
  idle_.pop_back();
  return fibre;
}

MachineThread* Block::pick() {
  const bool may_start = started_ < order_.size();
  if (order_kind_ == Order::random && !ready_.empty()) {
    if (may_start && random_below(2) == 0) return &threads[order_[started_++]];
    std::swap(ready_[random_below(static_cast<uint32_t>(ready_.size()))], ready_.back());
  }
  if (!ready_.empty()) {
    MachineThread& next = threads[ready_.back()];
    ready_.pop_back();
    return &next;
  }
  return may_start ? &threads[order_[started_++]] : nullptr;
}

void Block::wait(MachineThread& me) {
  if (is_late.load(std::memory_order_relaxed)) stop_late(me, me.place);
  MachineThread* const next = pick();
  if (next == nullptr) deadlock();
  if (next->state == MachineThread::State::unstarted) {
    next->fibre = &idle_fibre();
    next->state = MachineThread::State::ready;
  }
  current = next;
  switch_context(me.fibre->context, next->fibre->context);
}

void Block::wake(std::vector<uint16_t>& group) {
  if (order_kind_ != Order::reversed) std::reverse(group.begin(), group.end());
  for (const uint16_t t : group) threads[t].state = MachineThread::State::ready;
  ready_.insert(ready_.end(), group.begin(), group.end());
}

void Block::abandon() {
  is_in_fibre = false;
  is_whole_ = false;
  Context nowhere;
  switch_context(nowhere, scheduler_);
  __builtin_unreachable();
}

void Block::stop_late(const MachineThread& me, const Place* place) {
  find(me, cudaErrorLaunchTimeout, place,
       fmt::format("the block has run for {} seconds of processor time and has not ended: it may wait for what never comes", settings().watchdog_s));
}

void Block::find(const MachineThread& thread, cudaError_t error, const Place* place, const std::string& what) {
  // Blocks on other cores may find something, too: one report a launch.
  if (!launch->has_finding.exchange(true)) record({error, demangled(launch->kernel->name), report(*launch, index, thread, place, what)});
  abandon();
}

}  // namespace skewbench::cuda_on_cpu
