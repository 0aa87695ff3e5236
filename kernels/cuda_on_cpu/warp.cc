// What the lanes of a warp do together: bar.warp.sync, shfl, vote and whatever else is an exchange of one value a lane.
#include <fmt/format.h>

#include <bit>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/report.h"
#include "kernels/cuda_on_cpu/warp.h"

namespace skewbench::cuda_on_cpu {
namespace {

Collective& collective_of(Warp& warp, uint32_t mask) {
  for (const auto& known : warp.collectives)
    if (known->mask == mask) return *known;
  warp.collectives.push_back(std::make_unique<Collective>());
  warp.collectives.back()->mask = mask;
  return *warp.collectives.back();
}

/// A lane that waits for the caller while the caller waits for it, with another mask: neither can go on.
void check_masks(Block& block, const Warp& warp, const MachineThread& me, uint32_t mask, const Place* place) {
  for (const auto& other : warp.collectives) {
    if (other->mask == mask || (other->arrived & mask) == 0 || (other->mask >> me.lane & 1) == 0) continue;
    const auto lane = static_cast<uint32_t>(std::countr_zero(other->arrived & mask));
    block.find(me, cudaErrorLaunchFailure, place,
               fmt::format("lanes of a warp name different masks: this one 0x{:08x}, lane {} 0x{:08x} at {}", mask, lane, other->mask,
                           at(block.threads[me.warp * kLanes + lane].place)));
  }
}

void check_mask(Block& block, const Warp& warp, const MachineThread& me, uint32_t mask, const Place* place) {
  if ((mask >> me.lane & 1) == 0)
    block.find(me, cudaErrorLaunchFailure, place, fmt::format("the mask 0x{:08x} of a warp operation leaves out the lane that executes it", mask));
  if ((mask & warp.exited) != 0)
    block.find(me, cudaErrorLaunchFailure, place,
               fmt::format("the mask 0x{:08x} of a warp operation names lane {}, which has returned", mask, std::countr_zero(mask & warp.exited)));
}

void order_lanes(Block& block, const Warp& warp, uint32_t number, uint32_t mask) {
  HappensBefore& order = block.checks.order;
  if (mask == warp.lanes) return order.whole_warp(number, static_cast<uint32_t>(std::popcount(mask)));
  std::vector<uint16_t>& members = block.woken;
  members.clear();
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1)
    members.push_back(static_cast<uint16_t>(number * kLanes + static_cast<uint32_t>(std::countr_zero(rest))));
  block.passed_on.clear();
  order.some(members, block.passed_on);
}

}  // namespace

Gathered gather(Thread& thread, uint32_t mask, uint64_t value, const Place* place, void (*complete)(Block&, Warp&, const uint64_t* values)) {
  Block& block = *thread.block;
  MachineThread& me = block.self(thread);
  Warp& warp = block.warps[me.warp];
  mask &= warp.lanes;  // a full mask in a warp that the block does not fill
  Collective& collective = collective_of(warp, mask);
  if (collective.arrived == 0 || (mask >> me.lane & 1) == 0) {
    check_mask(block, warp, me, mask, place);
    collective.turn ^= 1;
    collective.place = place;
  }
  if (warp.collectives.size() > 1) check_masks(block, warp, me, mask, place);
  uint64_t* const values = collective.values[collective.turn];
  values[me.lane] = value;
  collective.arrived |= 1u << me.lane;
  if (collective.arrived != mask) {
    me.state = MachineThread::State::at_collective;
    me.mask = mask;
    me.place = place;
    block.wait(me);
    return {values, mask};
  }
  collective.arrived = 0;
  if (block.has_checks) order_lanes(block, warp, me.warp, mask);
  if (complete != nullptr) complete(block, warp, values);
  block.woken.clear();
  for (uint32_t others = mask & ~(1u << me.lane); others != 0; others &= others - 1)
    block.woken.push_back(static_cast<uint16_t>(me.warp * kLanes + static_cast<uint32_t>(std::countr_zero(others))));
  block.wake(block.woken);
  return {values, mask};
}

void Block::lane_returned(MachineThread& me) {
  Warp& warp = warps[me.warp];
  warp.exited |= 1u << me.lane;
  for (const auto& collective : warp.collectives) {
    if (collective->arrived == 0 || (collective->mask >> me.lane & 1) == 0) continue;
    const auto lane = static_cast<uint32_t>(std::countr_zero(collective->arrived));
    find(threads[me.warp * kLanes + lane], cudaErrorLaunchFailure, collective->place,
         fmt::format("the mask 0x{:08x} of a warp operation names lane {}, which has returned", collective->mask, me.lane));
  }
}

void warp_barrier(Thread& thread, uint32_t mask, const Place* place) { gather(thread, mask, 0, place); }

const uint64_t* exchange(Thread& thread, uint32_t mask, uint64_t value, const Place* place) {
  return gather(thread, mask, value, place).values;
}

uint32_t shuffle(Thread& thread, Shuffle mode, uint32_t value, uint32_t lane_operand, uint32_t clamp, uint32_t mask, bool& in_range,
                 const Place* place) {
  const Gathered gathered = gather(thread, mask, value, place);
  // PTX ISA, shfl: `clamp` holds the clamp in bits 0-4 and in bits 8-12 the mask of the segment.
  const auto lane = static_cast<int>(thread.lane), distance = static_cast<int>(lane_operand & 31);
  const int segment = static_cast<int>(clamp >> 8 & 31), most = (lane & segment) | (static_cast<int>(clamp & 31) & ~segment);
  int source = lane;
  switch (mode) {
    case Shuffle::up: source = lane - distance; break;
    case Shuffle::down: source = lane + distance; break;
    case Shuffle::bfly: source = lane ^ distance; break;
    case Shuffle::idx: source = (lane & segment) | (distance & ~segment); break;
  }
  in_range = mode == Shuffle::up ? source >= most : source <= most;
  if (!in_range) source = lane;
  if ((gathered.mask >> source & 1) == 0)
    thread.block->find(thread.block->self(thread), cudaErrorLaunchFailure, place,
                       fmt::format("a shuffle reads lane {}, which the mask 0x{:08x} leaves out", source, gathered.mask));
  return static_cast<uint32_t>(gathered.values[source]);
}

uint32_t ballot(Thread& thread, uint32_t mask, bool predicate, const Place* place) {
  const Gathered gathered = gather(thread, mask, predicate ? 1 : 0, place);
  uint32_t result = 0;
  for (uint32_t rest = gathered.mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    result |= static_cast<uint32_t>(gathered.values[lane]) << lane;
  }
  return result;
}

uint32_t active_mask(Thread& thread) {
  const Warp& warp = thread.block->warps[thread.warp];
  return warp.lanes & ~warp.exited;
}

}  // namespace skewbench::cuda_on_cpu
