// Which rank hosts which workers: consecutive ids, the first (workers % ranks) ranks host one more.
#pragma once

#include "kernels/base/error.h"

namespace skewbench::exchange {

class Placement {
 public:
  /// Refuses more ranks than workers: a rank without a worker would only slow the others down.
  Placement(int workers, int ranks, int rank) : workers_(workers), ranks_(ranks), rank_(rank) {
    REQUIRE(workers > 0, "--workers must be at least 1, not {}", workers);
    REQUIRE(ranks <= workers, "{} ranks for {} workers: a rank hosts at least one worker; start at most {} ranks", ranks,
            workers, workers);
  }

  int workers() const { return workers_; }
  int ranks() const { return ranks_; }
  int rank() const { return rank_; }
  int first() const { return first_of(rank_); }      ///< first worker hosted here
  int last() const { return first_of(rank_ + 1); }   ///< one past the last
  int local() const { return last() - first(); }
  bool hosts(int worker) const { return first() <= worker && worker < last(); }

  int first_of(int rank) const {
    const int share = workers_ / ranks_, extra = workers_ % ranks_;
    return rank * share + (rank < extra ? rank : extra);
  }
  int rank_of(int worker) const {
    const int share = workers_ / ranks_, extra = workers_ % ranks_, boundary = extra * (share + 1);
    return worker < boundary ? worker / (share + 1) : extra + (worker - boundary) / share;
  }

 private:
  int workers_, ranks_, rank_;
};

}  // namespace skewbench::exchange
