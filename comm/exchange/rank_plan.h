// Which message crosses to which rank: computed from the graph and the placement alone, the same way by the sender and
// by the receiver, so that no list of messages ever travels.
#pragma once

#include <mpi.h>

#include <vector>

#include "comm/exchange/byte_ledger.h"
#include "comm/exchange/mpi_support.h"
#include "comm/exchange/placement.h"
#include "comm/topology/topology.h"

namespace skewbench::exchange {

enum class Addressing { per_worker, per_edge };

/// One message that crosses between two ranks: the sending worker, and its receiver (the lowest of several).
struct Crossing {
  int remote_rank;
  int from, to;
};

/// The crossings of one channel in one phase. Both lists are ordered by (remote rank, from, to), which is the order in
/// which the messages between two ranks lie in their part of the collective.
struct ChannelPlan {
  const topology::Graph* graph = nullptr;
  std::vector<Crossing> outgoing, incoming;
  std::vector<int> arrival;  ///< [edge of graph]: position in `incoming` of the message to a local worker, -1 if none

  ChannelPlan(const topology::Graph& graph, const Placement& placement, Addressing addressing);
};

/// The ranks that this rank exchanges with in one phase, over all lanes, as an MPI graph communicator. Whoever sends to
/// this rank or hears from it is both a source and a destination there, with no bytes one way where only one of them
/// sends: MPICH 4.0.2 drops messages of an alltoallw, without an error, where a rank has more of the one than of the other.
class PhasePlan {
 public:
  PhasePlan(const Communicator& communicator, const Placement& placement, const topology::Topology& topology, int phase);
  ~PhasePlan();
  PhasePlan(const PhasePlan&) = delete;
  PhasePlan& operator=(const PhasePlan&) = delete;

  MPI_Comm comm() const { return comm_; }
  const std::vector<int>& neighbours() const { return neighbours_; }  ///< ranks that it sends to or hears from, ascending
  const ChannelPlan& channel(Addressing addressing, int lane) const {
    return plans_[static_cast<std::size_t>(2 * lane + (addressing == Addressing::per_edge))];
  }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;  // null where there is one rank
  std::vector<int> neighbours_;
  std::vector<ChannelPlan> plans_;
};

}  // namespace skewbench::exchange
