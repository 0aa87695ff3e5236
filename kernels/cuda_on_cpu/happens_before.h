// Which accesses of a block's threads are ordered: by barriers and warp collectives, and by nothing else.
//
// One clock counts the synchronisations of a block; an access is stamped with the clock's value. All threads of a block run
// on one OS thread, so an access with a stamp below a synchronisation's number came before it. Thus
//     u's access at `stamp` is ordered before t's access now  <=>  stamp < the number of the last synchronisation
//                                                                  that brings u's past to t
// and that number is the largest of: the last barrier of the whole block; the last collective of the whole warp, if u and t
// share it; known[t][u], for what partial masks and named barriers have passed on. The rows of `known` exist only for threads
// that took part in such a thing since the last barrier of the whole block, which makes them all obsolete.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace skewbench::cuda_on_cpu {

class HappensBefore {
 public:
  void start(uint32_t threads);  ///< a block begins

  uint32_t now() const { return clock_; }

  bool is_ordered(uint32_t stamp, uint32_t u, uint32_t t) const {
    if (u == t || stamp < last_full_) return true;
    if (u / 32 == t / 32 && stamp < last_of_warp_[u / 32]) return true;
    return has_row(t) && stamp < rows_[std::size_t{t} * threads_ + u];
  }
  /// Whether `stamp` was before the last barrier of the block, or the last collective of this warp.
  bool is_before_full(uint32_t stamp) const { return stamp < last_full_; }
  bool is_before_warp(uint32_t stamp, uint32_t warp) const { return stamp < last_of_warp_[warp]; }
  /// Whether t knows of `stamp` for one lane of another warp, or for every lane of several.
  bool is_some_lane_ordered(uint32_t stamp, uint32_t warp, uint32_t t) const;
  bool are_warps_ordered(uint32_t stamp, uint32_t warps, uint32_t t) const;

  // --- synchronisations
  void whole_block();
  void whole_warp(uint32_t warp, uint32_t lanes);  ///< `lanes`: how many the warp has
  /// `members` meet; what `passed_on` holds (below) reaches them, too.
  void some(std::span<const uint16_t> members, std::vector<uint32_t>& passed_on);
  /// A thread that does not wait leaves what it knows in `passed_on`, for those who will.
  void leave(uint32_t t, std::vector<uint32_t>& passed_on);

 private:
  bool has_row(uint32_t t) const { return row_of_[t] == generation_; }
  uint32_t* row(uint32_t t) { return rows_.data() + std::size_t{t} * threads_; }
  void make_row(uint32_t t);
  void join(std::vector<uint32_t>& into, uint32_t t);

  uint32_t threads_ = 0;
  uint32_t clock_ = 1;
  uint32_t last_full_ = 0;
  uint32_t last_of_warp_[32] = {};
  uint32_t generation_ = 1;        // of rows: counts the barriers of the whole block
  std::vector<uint32_t> row_of_;   // generation in which a thread got its row
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> scratch_;
};

}  // namespace skewbench::cuda_on_cpu
