#include "comm/relaysum/relaysum.h"

#include <fmt/format.h>

#include "kernels/mix/mix_in_memory.h"

namespace skewbench::relaysum {

void require_trees(const topology::Topology& topology) {
  REQUIRE(topology.period == 1, "relaysum needs a fixed tree, but {} changes over {} steps", topology.name, topology.period);
  for (const topology::Graph& graph : topology.graphs)
    REQUIRE(graph.is_tree(), "relaysum needs a tree, but {} of {} workers is none: it has {} directed edges where a tree has {}",
            topology.name, topology.workers, graph.edges().size(), 2 * (topology.workers - 1));
}

template <class T>
RelaySum<T>::RelaySum(exchange::Exchange& exchange, StateTable& state, int64_t count) : exchange_(exchange), state_(state) {
  const topology::Topology& topology = exchange.topology();
  require_trees(topology);
  rounds_ = state.declare_global("relaysum.rounds", ScalarType::i64, 1, Holds::record);
  for (int id = 0; id < topology.lanes; ++id) {
    Lane lane{};
    lane.tree = &topology.graph(0, id);
    lane.length = exchange::lane_length(count, id, topology.lanes);
    const auto per_edge = exchange::Addressing::per_edge;
    lane.message_channel = exchange.open({.name = "relaysum message", .addressing = per_edge, .lane = id,
                                          .element_bytes = sizeof(T), .bound = lane.length});
    lane.count_channel = exchange.open({.name = "relaysum count", .addressing = per_edge, .lane = id,
                                        .element_bytes = sizeof(int64_t), .bound = 1, .holds = Holds::record});
    std::vector<StateTable::Owner> edges;
    for (const topology::Edge& edge : lane.tree->edges()) edges.emplace_back(edge.from, edge.to);
    for (const int generation : {0, 1}) {
      const std::string suffix = fmt::format(".lane{}.generation{}", id, generation);
      lane.messages[generation] = state.declare_edges("relaysum.message" + suffix, scalar_type<T>(), lane.length, edges);
      lane.counts[generation] = state.declare_edges("relaysum.count" + suffix, ScalarType::i64, 1, edges, Holds::record);
    }
    channels_.insert(channels_.end(), {lane.message_channel, lane.count_channel});
    lanes_.push_back(lane);
  }
}

/// Forms and posts the messages of one lane from the worker's own value and what came in the step before.
template <class T>
void RelaySum<T>::relay(Lane& lane, int lane_id, const exchange::VectorOf<const T>& value) {
  const exchange::Placement& placement = exchange_.placement();
  const int64_t rounds = state_.global<int64_t>(rounds_)[0], generation = rounds % 2;
  std::vector<mix::Input<T>> inputs;
  for (int i = placement.first(); i < placement.last(); ++i) {
    for (const int j : lane.tree->out(i)) {
      inputs.assign(1, {value(i) + lane_id, exchange_.topology().lanes, T(1)});
      int64_t count = 1;
      for (const int k : lane.tree->in(i)) {
        if (k == j || rounds == 0) continue;
        const exchange::Slice message = exchange_.received(lane.message_channel, k, i);
        const exchange::Slice number = exchange_.received(lane.count_channel, k, i);
        if (message.lost()) continue;
        inputs.push_back({message.as<T>(), message.stride, T(1)});
        count += *number.as<int64_t>();
      }
      const auto message = state_.edge<T>(lane.messages[generation], i, j);
      const auto number = state_.edge<int64_t>(lane.counts[generation], i, j);
      mix::mix<T>(exchange_.memory(), inputs, lane.length, message.data(), 1);
      number[0] = count;
      exchange_.post(lane.message_channel, i, j, {message.data(), lane.length, 1});
      exchange_.post(lane.count_channel, i, j, {number.data(), 1, 1});
    }
  }
}

template <class T>
void RelaySum<T>::run(int64_t step, const exchange::VectorOf<const T>& value, const T* reference,
                      const exchange::VectorOf<T>& average) {
  const double start = MPI_Wtime();
  for (int id = 0; id < std::ssize(lanes_); ++id) relay(lanes_[static_cast<std::size_t>(id)], id, value);
  exchange_.meter().seconds.mix += MPI_Wtime() - start;
  exchange_.run(step, channels_);
  ++state_.global<int64_t>(rounds_)[0];
  const double mixing = MPI_Wtime();
  const exchange::Placement& placement = exchange_.placement();
  const int n = placement.workers(), stride = exchange_.topology().lanes;
  const T share = T(1) / static_cast<T>(n);
  std::vector<mix::Input<T>> inputs;
  for (int id = 0; id < std::ssize(lanes_); ++id) {
    const Lane& lane = lanes_[static_cast<std::size_t>(id)];
    for (int i = placement.first(); i < placement.last(); ++i) {
      inputs.assign(1, {value(i) + id, stride, share});
      for (const int j : lane.tree->in(i)) {
        const exchange::Slice message = exchange_.received(lane.message_channel, j, i);
        if (!message.lost()) inputs.push_back({message.as<T>(), message.stride, share});
      }
      const int64_t missing = n - count_of(i, id);
      if (missing > 0) inputs.push_back({reference + id, stride, static_cast<T>(missing) / static_cast<T>(n)});
      mix::mix<T>(exchange_.memory(), inputs, lane.length, average(i) + id, stride);
    }
  }
  exchange_.meter().seconds.mix += MPI_Wtime() - mixing;
}

template <class T>
int64_t RelaySum<T>::count_of(int worker, int lane_id) const {
  const Lane& lane = lanes_[static_cast<std::size_t>(lane_id)];
  int64_t count = 1;
  for (const int j : lane.tree->in(worker)) {
    const exchange::Slice number = exchange_.received(lane.count_channel, j, worker);
    if (!number.lost()) count += *number.as<int64_t>();
  }
  return count;
}

template class RelaySum<float>;
template class RelaySum<double>;

}  // namespace skewbench::relaysum
