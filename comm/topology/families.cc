#include "comm/topology/families.h"

#include <algorithm>

#include "kernels/base/error.h"

namespace skewbench::topology {

namespace {

/// The rows of the torus of that many workers, at most as many as its columns; 0 if there is none.
int torus_rows(int workers) {
  int rows = 0;
  for (int candidate = 3; candidate <= workers / candidate; ++candidate) {
    if (workers % candidate == 0) rows = candidate;
  }
  return rows;
}

/// "9", or "12 and 15": the sizes with a torus next to one without.
std::string torus_sizes_near(int workers) {
  int below = workers, above = workers;
  while (below > 0 && torus_rows(below) == 0) --below;
  while (torus_rows(above) == 0) ++above;
  return below > 0 ? fmt::format("{} and {}", below, above) : fmt::format("{}", above);
}

/// 1, 2, 4, ... below the number of workers.
std::vector<int> powers_of_two_below(int workers) {
  std::vector<int> hops;
  for (int64_t hop = 1; hop < workers; hop *= 2) hops.push_back(static_cast<int>(hop));
  return hops;
}

int wrapped_sum(int worker, int hop, int workers) { return static_cast<int>((int64_t{worker} + hop) % workers); }

}  // namespace

Graph undirected(int workers, const std::vector<Edge>& pairs) {
  std::vector<Edge> edges;
  edges.reserve(2 * pairs.size());
  for (const auto [a, b] : pairs) {
    edges.push_back({a, b});
    edges.push_back({b, a});
  }
  return Graph(workers, std::move(edges));
}

Graph ring(int workers) {
  if (workers <= 2) return chain(workers);
  std::vector<Edge> pairs;
  for (int i = 0; i < workers; ++i) pairs.push_back({i, (i + 1) % workers});
  return undirected(workers, pairs);
}

Graph chain(int workers) {
  std::vector<Edge> pairs;
  for (int i = 1; i < workers; ++i) pairs.push_back({i - 1, i});
  return undirected(workers, pairs);
}

Graph star(int workers) {
  std::vector<Edge> pairs;
  for (int i = 1; i < workers; ++i) pairs.push_back({0, i});
  return undirected(workers, pairs);
}

Graph complete(int workers) {
  constexpr int kMost = 4096;  // 16.8 million directed edges, 0.3 GB with both adjacency lists
  REQUIRE(workers <= kMost, "a complete graph is limited to {} workers, not {}", kMost, workers);
  std::vector<Edge> pairs;
  for (int i = 0; i < workers; ++i) {
    for (int j = 0; j < i; ++j) pairs.push_back({j, i});
  }
  return undirected(workers, pairs);
}

Graph binary_tree(int workers, bool mirrored) {
  std::vector<Edge> pairs;
  for (int i = 1; i < workers; ++i) {
    pairs.push_back(mirrored ? Edge{workers - 1 - i / 2, workers - 1 - i} : Edge{i / 2, i});
  }
  return undirected(workers, pairs);
}

Graph torus(int workers) {
  const int rows = torus_rows(workers);
  REQUIRE(rows > 0, "a torus of {} workers does not exist, as both sides need at least 3; near it are {}", workers,
          torus_sizes_near(workers));
  const int columns = workers / rows;
  std::vector<Edge> pairs;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      pairs.push_back({r * columns + c, r * columns + (c + 1) % columns});
      pairs.push_back({r * columns + c, (r + 1) % rows * columns + c});
    }
  }
  return undirected(workers, pairs);
}

Graph exponential(int workers) {
  std::vector<Edge> edges;
  for (int i = 0; i < workers; ++i) {
    for (const int hop : powers_of_two_below(workers)) edges.push_back({i, wrapped_sum(i, hop, workers)});
  }
  return Graph(workers, std::move(edges));
}

std::vector<Graph> exponential_one_peer(int workers) {
  if (workers == 1) return {Graph(1, {})};
  std::vector<Graph> phases;
  for (const int hop : powers_of_two_below(workers)) {
    std::vector<Edge> edges;
    for (int i = 0; i < workers; ++i) edges.push_back({i, wrapped_sum(i, hop, workers)});
    phases.emplace_back(workers, std::move(edges));
  }
  return phases;
}

}  // namespace skewbench::topology
