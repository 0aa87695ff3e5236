#include <cmath>

#include "comm/relaysum/relaysum.h"

namespace skewbench::relaysum {

template <class T>
RelaySumReference<T>::RelaySumReference(const topology::Topology& topology) : topology_(topology) {
  require_trees(topology_);
}

template <class T>
void RelaySumReference<T>::step(const std::vector<std::vector<T>>& value, const std::vector<T>& reference,
                                std::vector<std::vector<T>>& average) {
  const auto n = static_cast<int64_t>(value.size());
  const auto lanes = static_cast<std::size_t>(topology_.lanes);
  average = value;
  messages_.resize(lanes);
  counts_.resize(lanes);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const topology::Graph& tree = topology_.graph(0, static_cast<int>(lane));
    auto& old_messages = messages_[lane];
    auto& old_counts = counts_[lane];
    const bool first = old_messages.empty();
    const auto edge = [&](int from, int to) { return static_cast<std::size_t>(tree.edge_index(from, to)); };

    auto new_messages = std::vector<std::vector<T>>(tree.edges().size());
    auto new_counts = std::vector<int64_t>(tree.edges().size());
    for (const auto& [i, j] : tree.edges()) {
      std::vector<T> message = value[static_cast<std::size_t>(i)];
      int64_t count = 1;
      for (const int k : tree.in(i)) {
        if (k == j || first) continue;
        for (std::size_t e = lane; e < message.size(); e += lanes) message[e] += old_messages[edge(k, i)][e];
        count += old_counts[edge(k, i)];
      }
      new_messages[edge(i, j)] = message;
      new_counts[edge(i, j)] = count;
    }
    old_messages = new_messages;
    old_counts = new_counts;

    for (std::size_t i = 0; i < value.size(); ++i) {
      int64_t count = 1;
      for (const int j : tree.in(static_cast<int>(i))) count += old_counts[edge(j, static_cast<int>(i))];
      for (std::size_t e = lane; e < value[i].size(); e += lanes) {
        const T share = T(1) / static_cast<T>(n);
        T sum = share * value[i][e];
        for (const int j : tree.in(static_cast<int>(i))) sum = std::fma(share, old_messages[edge(j, static_cast<int>(i))][e], sum);
        if (count < n) sum = std::fma(static_cast<T>(n - count) / static_cast<T>(n), reference[e], sum);
        average[i][e] = sum;
      }
    }
  }
}

template class RelaySumReference<float>;
template class RelaySumReference<double>;

}  // namespace skewbench::relaysum
