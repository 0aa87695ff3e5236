// bar.sync, bar.arrive, bar.red and their barrier.* names: the 16 barriers of a block.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/report.h"

namespace skewbench::cuda_on_cpu {
namespace {

/// What was before the barrier is ordered before what comes after it, for those who waited. `last` is one of them if it
/// completes the barrier by waiting.
void order_members(Block& block, Barrier& barrier, const MachineThread* last) {
  if (!barrier.has_arrivals && barrier.arrived == block.live) return block.checks.order.whole_block();
  std::vector<uint16_t>& members = block.woken;
  members = barrier.waiting;
  if (last != nullptr) members.push_back(static_cast<uint16_t>(last->number));
  block.checks.order.some(members, barrier.passed_on);
  barrier.passed_on.clear();
}

/// Everyone who waits may go on, and so may the caller.
void release(Block& block, Barrier& barrier, const MachineThread* last) {
  barrier.is_open = false;
  if (block.has_checks) order_members(block, barrier, last);
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

/// bar.* is barrier.*.aligned: all threads of a warp must execute the same one.
bool is_aligned(const Place* place) {
  const std::string_view instruction = place->instruction;
  return instruction.find("barrier.") == instruction.npos || instruction.find(".aligned") != instruction.npos;
}

void check_warp(Block& block, Barrier& barrier, const MachineThread& me, uint32_t id, const Place* place) {
  auto& warp = barrier.of_warp[me.warp];
  if ((warp.lanes >> me.lane & 1) != 0)
    block.find(me, cudaErrorLaunchFailure, place, fmt::format("the thread arrives at barrier {} a second time before the others have", id));
  if (warp.lanes == 0) warp.place = place;
  warp.lanes |= 1u << me.lane;
  if (warp.place == place || !is_aligned(place)) return;
  block.find(me, cudaErrorLaunchFailure, place,
             fmt::format("divergent barrier: threads of one warp are at barrier {} in different places, another one at {}", id, at(warp.place)));
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
    for (auto& warp : barrier.of_warp) warp.lanes = 0;
  } else if (barrier.count != count) {
    block.find(me, cudaErrorLaunchFailure, place,
               fmt::format("barrier {} is waited for with a count of {}, and others did with {}", id, count, barrier.count));
  }
  check_warp(block, barrier, me, id, place);
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
    release(block, barrier, &me);
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
    if (barrier.is_open && barrier.count == 0 && barrier.arrived == live) release(*this, barrier, nullptr);
}

void barrier(Thread& thread, uint32_t id, uint32_t count, const Place* place) { pass(thread, id, count, place, false); }

void barrier_arrive(Thread& thread, uint32_t id, uint32_t count, const Place* place) {
  // A warp arrives as a whole; a lane that does not wait must not come round to the next arrival before the others are here.
  if (is_aligned(place)) warp_barrier(thread, active_mask(thread), place);
  Block& block = *thread.block;
  MachineThread& me = block.self(thread);
  Barrier& barrier = arrive(block, me, id, count, place, false);
  barrier.has_arrivals = true;
  if (block.has_checks) block.checks.order.leave(me.number, barrier.passed_on);
  if (is_complete(block, barrier)) release(block, barrier, nullptr);
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
