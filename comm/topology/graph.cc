#include <algorithm>

#include "comm/topology/topology.h"
#include "kernels/base/error.h"

namespace skewbench::topology {

namespace {

/// What a breadth-first search from one worker finds.
struct Reach {
  int workers = 0;  ///< reached, itself included
  int hops = 0;     ///< to the farthest of them
};

/// Follows the edges from `start`, or runs against them. Stops as soon as everyone is found: on a complete graph the
/// diameter then costs O(n^2), not O(n^3).
Reach reach(const Graph& graph, int start, bool against_edges) {
  std::vector<int> hops(static_cast<size_t>(graph.workers()), -1);
  std::vector<int> queue = {start};
  hops[start] = 0;
  for (size_t head = 0; head < queue.size() && std::ssize(queue) < graph.workers(); ++head) {
    const int worker = queue[head];
    for (const int next : against_edges ? graph.in(worker) : graph.out(worker)) {
      if (hops[next] >= 0) continue;
      hops[next] = hops[worker] + 1;
      queue.push_back(next);
    }
  }
  return {static_cast<int>(queue.size()), hops[queue.back()]};
}

}  // namespace

Graph::Graph(int workers, std::vector<Edge> edges) : workers_(workers), edges_(std::move(edges)) {
  REQUIRE(workers >= 1, "a graph needs at least one worker, not {}", workers);
  for (const auto [from, to] : edges_) {
    REQUIRE(from >= 0 && from < workers && to >= 0 && to < workers,
            "edge {} -> {} leaves the workers 0..{}", from, to, workers - 1);
    REQUIRE(from != to, "edge {} -> {} is a self loop", from, to);
  }
  std::sort(edges_.begin(), edges_.end());
  const auto twice = std::adjacent_find(edges_.begin(), edges_.end());
  if (twice != edges_.end()) fail("edge {} -> {} appears twice", twice->from, twice->to);

  first_receiver_.assign(static_cast<size_t>(workers) + 1, 0);
  first_sender_ = first_receiver_;
  for (const auto [from, to] : edges_) {
    ++first_receiver_[from + 1];
    ++first_sender_[to + 1];
  }
  for (int worker = 0; worker < workers; ++worker) {
    first_receiver_[worker + 1] += first_receiver_[worker];
    first_sender_[worker + 1] += first_sender_[worker];
  }
  receivers_.reserve(edges_.size());
  senders_.resize(edges_.size());
  std::vector<int> next_sender = first_sender_;
  for (const auto [from, to] : edges_) {  // sorted, so both lists come out ascending
    receivers_.push_back(to);
    senders_[next_sender[to]++] = from;
  }
}

std::span<const int> Graph::out(int worker) const {
  return {receivers_.begin() + first_receiver_[worker], receivers_.begin() + first_receiver_[worker + 1]};
}

std::span<const int> Graph::in(int worker) const {
  return {senders_.begin() + first_sender_[worker], senders_.begin() + first_sender_[worker + 1]};
}

int Graph::edge_index(int from, int to) const {
  const auto found = std::lower_bound(edges_.begin(), edges_.end(), Edge{from, to});
  return found != edges_.end() && *found == Edge{from, to} ? static_cast<int>(found - edges_.begin()) : -1;
}

bool Graph::is_symmetric() const {
  // The sorted senders and receivers of a worker are the same list for all workers at once.
  return first_receiver_ == first_sender_ && receivers_ == senders_;
}

bool Graph::is_connected() const {
  return reach(*this, 0, false).workers == workers_ && reach(*this, 0, true).workers == workers_;
}

bool Graph::is_tree() const {
  return std::ssize(edges_) == 2 * (int64_t{workers_} - 1) && is_symmetric() && is_connected();
}

int Graph::diameter() const {
  int longest = 0;
  for (int worker = 0; worker < workers_; ++worker) {
    const Reach reached = reach(*this, worker, false);
    if (reached.workers < workers_) return -1;
    longest = std::max(longest, reached.hops);
  }
  return longest;
}

int Graph::min_degree() const {
  size_t degree = out(0).size();
  for (int worker = 1; worker < workers_; ++worker) degree = std::min(degree, out(worker).size());
  return static_cast<int>(degree);
}

int Graph::max_degree() const {
  size_t degree = 0;
  for (int worker = 0; worker < workers_; ++worker) degree = std::max(degree, out(worker).size());
  return static_cast<int>(degree);
}

}  // namespace skewbench::topology
