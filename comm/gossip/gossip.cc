#include "comm/gossip/gossip.h"

#include "kernels/mix/mix.h"

namespace skewbench::gossip {

template <class T>
Gossip<T>::Gossip(exchange::Exchange& exchange, int64_t count) : exchange_(exchange), count_(count) {
  const topology::Topology& topology = exchange.topology();
  for (int lane = 0; lane < topology.lanes; ++lane)
    channels_.push_back(exchange.open({.name = "gossip", .lane = lane, .element_bytes = sizeof(T),
                                       .bound = exchange::lane_length(count, lane, topology.lanes)}));
  for (const topology::Graph& graph : topology.graphs) weights_.push_back(topology::metropolis_hastings(graph));
}

template <class T>
void Gossip<T>::begin(int64_t step, const exchange::VectorOf<const T>& source) {
  step_ = step;
  const int lanes = exchange_.topology().lanes;
  const exchange::Placement& placement = exchange_.placement();
  for (int lane = 0; lane < lanes; ++lane)
    for (int i = placement.first(); i < placement.last(); ++i)
      exchange_.post(channels_[static_cast<std::size_t>(lane)], i,
                     {source(i) + lane, exchange::lane_length(count_, lane, lanes), lanes});
  exchange_.begin(step, channels_);
}

template <class T>
void Gossip<T>::end(const exchange::VectorOf<const T>& source, const exchange::VectorOf<T>& destination) {
  exchange_.end();
  const double start = MPI_Wtime();
  const topology::Topology& topology = exchange_.topology();
  const exchange::Placement& placement = exchange_.placement();
  std::vector<mix::Input<T>> inputs;
  for (int lane = 0; lane < topology.lanes; ++lane) {
    const auto matrix = static_cast<std::size_t>(step_ % topology.period * topology.lanes + lane);
    for (int i = placement.first(); i < placement.last(); ++i) {
      const topology::MixingRow& row = weights_[matrix].rows[static_cast<std::size_t>(i)];
      inputs.clear();
      for (std::size_t k = 0; k < row.worker.size(); ++k) {
        const int j = row.worker[k];
        const auto weight = static_cast<T>(row.weight[k]);
        if (j == i) {
          inputs.push_back({source(i) + lane, topology.lanes, weight});
        } else {
          const exchange::Slice slice = exchange_.received(channels_[static_cast<std::size_t>(lane)], j, i);
          inputs.push_back({slice.as<T>(), slice.stride, weight});
        }
      }
      mix::mix_host<T>(inputs, exchange::lane_length(count_, lane, topology.lanes), destination(i) + lane, topology.lanes);
    }
  }
  exchange_.meter().seconds.mix += MPI_Wtime() - start;
}

template <class T>
void Gossip<T>::run(int64_t step, const exchange::VectorOf<const T>& source, const exchange::VectorOf<T>& destination) {
  begin(step, source);
  end(source, destination);
}

template class Gossip<float>;
template class Gossip<double>;

}  // namespace skewbench::gossip
