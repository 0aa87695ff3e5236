// bar.sync, bar.arrive, bar.red and their barrier.* names: the 16 barriers of a block.
#include <fmt/format.h>

#include <algorithm>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/report.h"

namespace skewbench::cuda_on_cpu {
namespace {

/// Everyone who waits may go on, and so may the caller.
void release(Block& block, Barrier& barrier) {
  barrier.is_open = false;
  for (const uint16_t t : barrier.waiting) {
    block.threads[t].barrier_arrived = barrier.arrived;
    block.threads[t].barrier_holds = barrier.holds;
  }
  std::sort(barrier.waiting.begin(), barrier.waiting.end());
  block.wake(barrier.waiting);
  barrier.waiting.clear();
}

bool is_complete(const Block& block, const Barrier& barrier) {
  return barrier.arrived == (barrier.count == 0 ? block.live : barrier.count);
}

Barrier& arrive(Block& block, MachineThread& me, uint32_t id, uint32_t count, const Place* place, bool holds) {
  if (id >= kBarriers) block.find(me, cudaErrorIllegalInstruction, place, fmt::format("barrier {} does not exist: a block has 0 to 15", id));
  if (count % kLanes != 0)
    block.find(me, cudaErrorIllegalInstruction, place, fmt::format("a barrier for {} threads: the count must be a multiple of 32", count));
  if (count > block.warps.size() * kLanes)
    block.find(me, cudaErrorLaunchFailure, place,
               fmt::format("a barrier for {} threads in a block of {}: it can never complete", count, block.threads.size()));
  Barrier& barrier = block.barriers[id];
  if (!barrier.is_open) {
    barrier.is_open = true;
    barrier.count = count;
    barrier.arrived = barrier.holds = 0;
    barrier.has_arrivals = false;
  } else if (barrier.count != count) {
    block.find(me, cudaErrorLaunchFailure, place,
               fmt::format("barrier {} is waited for with a count of {}, and others did with {}", id, count, barrier.count));
  }
  ++barrier.arrived;
  barrier.holds += holds ? 1 : 0;
  return barrier;
}

/// Arrives and waits; then the thread's barrier_arrived and barrier_holds are the barrier's.
void pass(Thread& thread, uint32_t id, uint32_t count, const Place* place, bool holds) {
  Block& block = *thread.block;
  MachineThread& me = block.self(thread);
  Barrier& barrier = arrive(block, me, id, count, place, holds);
  if (is_complete(block, barrier)) {
    me.barrier_arrived = barrier.arrived;
    me.barrier_holds = barrier.holds;
    release(block, barrier);
    return;
  }
  barrier.waiting.push_back(static_cast<uint16_t>(me.number));
  me.state = MachineThread::State::at_barrier;
  me.barrier = static_cast<uint8_t>(id);
  me.place = place;
  block.wait(me);
}

}  // namespace

void Block::release_full_barriers() {
  if (live == 0) return;
  for (Barrier& barrier : barriers)
    if (barrier.is_open && barrier.count == 0 && barrier.arrived == live) release(*this, barrier);
}

void barrier(Thread& thread, uint32_t id, uint32_t count, const Place* place) { pass(thread, id, count, place, false); }

void barrier_arrive(Thread& thread, uint32_t id, uint32_t count, const Place* place) {
  Block& block = *thread.block;
  MachineThread& me = block.self(thread);
  Barrier& barrier = arrive(block, me, id, count, place, false);
  barrier.has_arrivals = true;
  if (is_complete(block, barrier)) release(block, barrier);
}

uint32_t barrier_reduce(Thread& thread, uint32_t id, uint32_t count, Reduction kind, bool value, const Place* place) {
  pass(thread, id, count, place, value);
  const MachineThread& me = thread.block->self(thread);
  switch (kind) {
    case Reduction::and_: return me.barrier_holds == me.barrier_arrived;
    case Reduction::or_: return me.barrier_holds > 0;
    case Reduction::popc: return me.barrier_holds;
  }
  return 0;
}

}  // namespace skewbench::cuda_on_cpu
