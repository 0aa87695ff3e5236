#include "comm/gossip/gossip.h"

#include "kernels/mix/mix_in_memory.h"

namespace skewbench::gossip {

template <class T>
void mix_with_neighbours(const exchange::Exchange& exchange, int channel, const topology::MixingRow& row, int i, const T* own,
                         int64_t count, int64_t stride, T* out) {
  std::vector<mix::Input<T>> inputs;
  for (std::size_t k = 0; k < row.worker.size(); ++k) {
    const int j = row.worker[k];
    const exchange::Slice slice = j == i ? exchange::Slice{own, count, stride} : exchange.received(channel, j, i);
    REQUIRE(!slice.lost(), "gossip has no rule for lost messages, and worker {} lost the one of worker {}", i, j);
    inputs.push_back({slice.as<T>(), slice.stride, static_cast<T>(row.weight[k])});
  }
  mix::mix<T>(exchange.memory(), inputs, count, out, stride);
}

template <class T>
Gossip<T>::Gossip(exchange::Exchange& exchange, int64_t count) : exchange_(exchange), count_(count) {
  const topology::Topology& topology = exchange.topology();
  for (int lane = 0; lane < topology.lanes; ++lane)
    channels_.push_back(exchange.open({.name = "gossip", .lane = lane, .element_bytes = sizeof(T),
                                       .bound = exchange::lane_length(count, lane, topology.lanes)}));
  for (const topology::Graph& graph : topology.graphs) weights_.push_back(topology::metropolis_hastings(graph));
  for (int lane = 0; packs() && lane < topology.lanes; ++lane)
    for (int i = 0; i < exchange.placement().local(); ++i)
      packed_.emplace_back(exchange.memory(), exchange::lane_length(count, lane, topology.lanes));
}

template <class T>
Buffer<T>& Gossip<T>::packed(int lane, int worker) {
  const exchange::Placement& placement = exchange_.placement();
  return packed_[static_cast<std::size_t>(lane * placement.local() + worker - placement.first())];
}

template <class T>
void Gossip<T>::pack(bool those_that_cross, const exchange::VectorOf<const T>& source) {
  if (!packs()) return;
  const int lanes = exchange_.topology().lanes;
  const exchange::Placement& placement = exchange_.placement();
  for (int i = placement.first(); i < placement.last(); ++i) {
    if (exchange_.crosses(step_, i) != those_that_cross) continue;
    for (int lane = 0; lane < lanes; ++lane) {
      const mix::Input<T> input{source(i) + lane, lanes, T(1)};
      mix::mix<T>(exchange_.memory(), {&input, 1}, packed(lane, i).size(), packed(lane, i).data(), 1);
    }
  }
}

template <class T>
void Gossip<T>::begin(int64_t step, const exchange::VectorOf<const T>& source) {
  step_ = step;
  const int lanes = exchange_.topology().lanes;
  const exchange::Placement& placement = exchange_.placement();
  pack(/*those_that_cross=*/true, source);
  for (int lane = 0; lane < lanes; ++lane)
    for (int i = placement.first(); i < placement.last(); ++i)
      exchange_.post(channels_[static_cast<std::size_t>(lane)], i,
                     packs() ? exchange::Slice{packed(lane, i).data(), packed(lane, i).size(), 1}
                             : exchange::Slice{source(i) + lane, exchange::lane_length(count_, lane, lanes), lanes});
  exchange_.begin(step, channels_);
}

template <class T>
void Gossip<T>::end(const exchange::VectorOf<const T>& source, const exchange::VectorOf<T>& destination) {
  exchange_.end();
  const double start = MPI_Wtime();
  pack(/*those_that_cross=*/false, source);
  const topology::Topology& topology = exchange_.topology();
  const exchange::Placement& placement = exchange_.placement();
  for (int lane = 0; lane < topology.lanes; ++lane) {
    const auto matrix = static_cast<std::size_t>(step_ % topology.period * topology.lanes + lane);
    const int channel = channels_[static_cast<std::size_t>(lane)];
    const int64_t length = exchange::lane_length(count_, lane, topology.lanes);
    for (int i = placement.first(); i < placement.last(); ++i)
      mix_with_neighbours(exchange_, channel, weights_[matrix].rows[static_cast<std::size_t>(i)], i, source(i) + lane, length,
                          topology.lanes, destination(i) + lane);
  }
  exchange_.meter().seconds.mix += MPI_Wtime() - start;
}

template <class T>
void Gossip<T>::run(int64_t step, const exchange::VectorOf<const T>& source, const exchange::VectorOf<T>& destination) {
  begin(step, source);
  end(source, destination);
}

template void mix_with_neighbours(const exchange::Exchange&, int, const topology::MixingRow&, int, const float*, int64_t,
                                  int64_t, float*);
template void mix_with_neighbours(const exchange::Exchange&, int, const topology::MixingRow&, int, const double*, int64_t,
                                  int64_t, double*);
template class Gossip<float>;
template class Gossip<double>;

}  // namespace skewbench::gossip
