#include "kernels/cuda_on_cpu/happens_before.h"

#include <algorithm>
#include <bit>

namespace skewbench::cuda_on_cpu {

void HappensBefore::start(uint32_t threads) {
  if (threads != threads_) {
    threads_ = threads;
    row_of_.assign(threads, 0);
    rows_.clear();
    generation_ = 0;
  }
  clock_ = last_full_ = 1;
  std::fill_n(last_of_warp_, 32, 0);
  ++generation_;
}

void HappensBefore::whole_block() {
  last_full_ = ++clock_;
  ++generation_;
}

void HappensBefore::make_row(uint32_t t) {
  if (has_row(t)) return;
  if (rows_.empty()) rows_.resize(std::size_t{threads_} * threads_);
  row_of_[t] = generation_;
  std::fill_n(row(t), threads_, last_full_);
  const uint32_t first = t / 32 * 32;
  std::fill_n(row(t) + first, std::min(32u, threads_ - first), std::max(last_full_, last_of_warp_[t / 32]));
}

void HappensBefore::join(std::vector<uint32_t>& into, uint32_t t) {
  make_row(t);
  const uint32_t* const from = row(t);
  for (uint32_t u = 0; u < threads_; ++u) into[u] = std::max(into[u], from[u]);
  into[t] = clock_;
}

void HappensBefore::whole_warp(uint32_t warp, uint32_t lanes) {
  const uint32_t first = 32 * warp;
  bool has_rows = false;
  for (uint32_t t = first; t < first + lanes; ++t) has_rows |= has_row(t);
  if (has_rows) {
    uint16_t members[32];
    for (uint32_t i = 0; i < lanes; ++i) members[i] = static_cast<uint16_t>(first + i);
    scratch_.clear();
    some({members, lanes}, scratch_);
  }
  last_of_warp_[warp] = ++clock_;
}

void HappensBefore::some(std::span<const uint16_t> members, std::vector<uint32_t>& passed_on) {
  ++clock_;
  passed_on.resize(threads_, 0);
  for (const uint16_t t : members) join(passed_on, t);
  for (const uint16_t t : members) std::copy(passed_on.begin(), passed_on.end(), row(t));
}

bool HappensBefore::is_some_lane_ordered(uint32_t stamp, uint32_t warp, uint32_t t) const {
  if (!has_row(t)) return stamp < last_full_;
  for (uint32_t u = 32 * warp; u < std::min(32 * warp + 32, threads_); ++u)
    if (is_ordered(stamp, u, t)) return true;
  return false;
}

bool HappensBefore::are_warps_ordered(uint32_t stamp, uint32_t warps, uint32_t t) const {
  if (!has_row(t)) return stamp < last_full_;
  for (; warps != 0; warps &= warps - 1) {
    const uint32_t first = 32 * static_cast<uint32_t>(std::countr_zero(warps));
    for (uint32_t u = first; u < std::min(first + 32, threads_); ++u)
      if (!is_ordered(stamp, u, t)) return false;
  }
  return true;
}

void HappensBefore::leave(uint32_t t, std::vector<uint32_t>& passed_on) {
  ++clock_;
  passed_on.resize(threads_, 0);
  join(passed_on, t);
}

}  // namespace skewbench::cuda_on_cpu
