#include <cmath>

#include "comm/gossip/gossip.h"

namespace skewbench::gossip {

template <class T>
void gossip_ref(const topology::Topology& topology, int64_t step, const std::vector<std::vector<T>>& x,
                std::vector<std::vector<T>>& mixed) {
  mixed = x;
  for (int lane = 0; lane < topology.lanes; ++lane) {
    const topology::MixingMatrix weights = topology::metropolis_hastings(topology.graph(step, lane));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const topology::MixingRow& row = weights.rows[i];
      for (std::size_t e = static_cast<std::size_t>(lane); e < x[i].size(); e += static_cast<std::size_t>(topology.lanes)) {
        T sum = static_cast<T>(row.weight[0]) * x[static_cast<std::size_t>(row.worker[0])][e];
        for (std::size_t k = 1; k < row.worker.size(); ++k)
          sum = std::fma(static_cast<T>(row.weight[k]), x[static_cast<std::size_t>(row.worker[k])][e], sum);
        mixed[i][e] = sum;
      }
    }
  }
}

template void gossip_ref(const topology::Topology&, int64_t, const std::vector<std::vector<float>>&,
                         std::vector<std::vector<float>>&);
template void gossip_ref(const topology::Topology&, int64_t, const std::vector<std::vector<double>>&,
                         std::vector<std::vector<double>>&);

}  // namespace skewbench::gossip
