#include "comm/exchange/rank_plan.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace skewbench::exchange {

namespace {

bool by_rank_then_edge(const Crossing& a, const Crossing& b) {
  return std::tie(a.remote_rank, a.from, a.to) < std::tie(b.remote_rank, b.from, b.to);
}

/// A vector with several receivers on a rank crosses to it once: keep the crossing to the lowest of them.
void order_and_merge(std::vector<Crossing>& crossings, Addressing addressing) {
  std::sort(crossings.begin(), crossings.end(), by_rank_then_edge);
  if (addressing == Addressing::per_edge) return;
  const auto same_vector = [](const Crossing& a, const Crossing& b) {
    return a.remote_rank == b.remote_rank && a.from == b.from;
  };
  crossings.erase(std::unique(crossings.begin(), crossings.end(), same_vector), crossings.end());
}

}  // namespace

ChannelPlan::ChannelPlan(const topology::Graph& the_graph, const Placement& placement, Addressing addressing)
    : graph(&the_graph), arrival(the_graph.edges().size(), -1) {
  for (const topology::Edge& edge : graph->edges()) {
    const bool sends = placement.hosts(edge.from), receives = placement.hosts(edge.to);
    if (sends && !receives) outgoing.push_back({placement.rank_of(edge.to), edge.from, edge.to});
    if (receives && !sends) incoming.push_back({placement.rank_of(edge.from), edge.from, edge.to});
  }
  const std::vector<Crossing> all_incoming = incoming;
  // The sender orders by the receiver's rank, the receiver by the sender's: within a pair of ranks both see (from, to).
  // A sender merges receivers of one rank, and all of them are here: so this rank merges what has the same sender.
  order_and_merge(outgoing, addressing);
  order_and_merge(incoming, addressing);
  for (const Crossing& crossing : all_incoming) {
    const Crossing key{crossing.remote_rank, crossing.from, addressing == Addressing::per_worker ? -1 : crossing.to};
    const auto at = std::lower_bound(incoming.begin(), incoming.end(), key, by_rank_then_edge);
    arrival[static_cast<std::size_t>(graph->edge_index(crossing.from, crossing.to))] =
        static_cast<int>(at - incoming.begin());
  }
}

PhasePlan::PhasePlan(const Communicator& communicator, const Placement& placement,
                     const topology::Topology& topology, int phase) {
  std::set<int> neighbours;
  for (int lane = 0; lane < topology.lanes; ++lane) {
    for (const Addressing addressing : {Addressing::per_worker, Addressing::per_edge})
      plans_.emplace_back(topology.graph(phase, lane), placement, addressing);
    for (const Crossing& crossing : plans_.back().incoming) neighbours.insert(crossing.remote_rank);
    for (const Crossing& crossing : plans_.back().outgoing) neighbours.insert(crossing.remote_rank);
  }
  neighbours_.assign(neighbours.begin(), neighbours.end());
  if (communicator.size() == 1) return;
  // No reordering: workers are placed already. Unweighted: the messages of two channels may differ in size.
  const int degree = static_cast<int>(neighbours_.size());
  MPI_CALL(MPI_Dist_graph_create_adjacent(communicator.handle(), degree, neighbours_.data(), MPI_UNWEIGHTED, degree,
                                          neighbours_.data(), MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &comm_));
  MPI_CALL(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
}

PhasePlan::~PhasePlan() {
  if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
}

}  // namespace skewbench::exchange
