// RelaySum: exact averaging of delayed values on a tree (Vogels et al., NeurIPS 2021, arXiv 2110.04175, section 3;
// epfml/relaysgd algorithms.py relaysum_model and utils/communication.py RelayMechanism).
//
// At each step every worker i, with its own value v_i, sends to each neighbour j
//     m_ij = v_i + sum over k in N(i), k != j, of the m_ki received in the step before,    c_ij = 1 + sum of those c_ki
// and then forms, with C = 1 + sum_j c_ji of what it just received,
//     x_i = (v_i + sum_j m_ji + (n - C) * reference) / n.
// On a tree every worker's value reaches i once, as old as its distance. C = n after `diameter` steps; until then the
// reference stands in for what has not arrived (the repository's default: the initial model).
//
// Sums run by ascending neighbour id in the scalar type, with weights 1/n and (n - C)/n applied by fused multiply-adds
// (kernels/mix), so the result is the same to the bit on any number of ranks and in relaysum_ref.
#pragma once

#include <vector>

#include "comm/exchange/exchange.h"
#include "comm/exchange/worker_vectors.h"
#include "kernels/base/state.h"

namespace skewbench::relaysum {

/// Refuses a topology whose graphs are not trees: on a cycle a value would arrive again and again.
void require_trees(const topology::Topology& topology);

template <class T>
class RelaySum {
 public:
  /// Over the first `count` elements; one tree per lane. Declares the messages in `state`: per lane and directed edge two
  /// generations, because neighbours of this rank still read the last one while the next is formed.
  RelaySum(exchange::Exchange& exchange, StateTable& state, int64_t count);

  /// One step. value(i): the worker's own vector; average(i): receives x_i (must not overlap any value);
  /// reference [count]: stands in for values that have not arrived.
  void run(int64_t step, const exchange::VectorOf<const T>& value, const T* reference, const exchange::VectorOf<T>& average);

  /// C of the last step in a lane: how many workers' values are in worker i's sum.
  int64_t count_of(int worker, int lane) const;

 private:
  struct Lane {
    const topology::Graph* tree;
    int64_t length;                  // elements of the lane
    int message_channel, count_channel;
    int messages[2], counts[2];      // state handles, by generation
  };

  void relay(Lane& lane, int lane_id, const exchange::VectorOf<const T>& value);

  exchange::Exchange& exchange_;
  StateTable& state_;
  std::vector<Lane> lanes_;
  std::vector<int> channels_;
  int rounds_;  // state handle: rounds done so far; its parity says which of the two messages are formed next
};

/// The same recursion for all workers in one process, kept by hand between steps.
template <class T>
class RelaySumReference {
 public:
  explicit RelaySumReference(const topology::Topology& topology);
  /// value[i], reference -> average[i]; all of the same length.
  void step(const std::vector<std::vector<T>>& value, const std::vector<T>& reference, std::vector<std::vector<T>>& average);

 private:
  topology::Topology topology_;
  std::vector<std::vector<std::vector<T>>> messages_;  // [lane][edge of the tree][element]
  std::vector<std::vector<int64_t>> counts_;           // [lane][edge]
};

}  // namespace skewbench::relaysum
