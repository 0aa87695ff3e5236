#include <algorithm>

#include "comm/topology/families.h"
#include "kernels/base/error.h"

namespace skewbench::topology {

namespace {

constexpr int kWomen = 18, kEvents = 14;

std::vector<Edge> attendances() {
  const std::vector<std::vector<int>> events_of_woman = {  // events 1..14
      {1, 2, 3, 4, 5, 6, 8, 9},           // Evelyn Jefferson
      {1, 2, 3, 5, 6, 7, 8},              // Laura Mandeville
      {2, 3, 4, 5, 6, 7, 8, 9},           // Theresa Anderson
      {1, 3, 4, 5, 6, 7, 8},              // Brenda Rogers
      {3, 4, 5, 7},                       // Charlotte McDowd
      {3, 5, 6, 8},                       // Frances Anderson
      {5, 6, 7, 8},                       // Eleanor Nye
      {6, 8, 9},                          // Pearl Oglethorpe
      {5, 7, 8, 9},                       // Ruth DeSand
      {7, 8, 9, 12},                      // Verne Sanderson
      {8, 9, 10, 12},                     // Myra Liddel
      {8, 9, 10, 12, 13, 14},             // Katherina Rogers
      {7, 8, 9, 10, 12, 13, 14},          // Sylvia Avondale
      {6, 7, 9, 10, 11, 12, 13, 14},      // Nora Fayette
      {7, 8, 10, 11, 12},                 // Helen Lloyd
      {8, 9},                             // Dorothy Murchison
      {9, 11},                            // Olivia Carleton
      {9, 11},                            // Flora Price
  };
  std::vector<Edge> pairs;
  for (int woman = 0; woman < kWomen; ++woman) {
    for (const int event : events_of_woman[woman]) pairs.push_back({woman, kWomen + event - 1});
  }
  return pairs;
}

}  // namespace

Graph social_network(int workers) {
  REQUIRE(workers == kWomen + kEvents, "the social network has {} workers, not {}", kWomen + kEvents, workers);
  return undirected(workers, attendances());
}

Graph social_network_tree(int workers, const std::string& root) {
  const Graph graph = social_network(workers);
  const int64_t start = root.empty() ? 0 : parse_integer(root, "the root of social_network_tree");
  REQUIRE(start >= 0 && start < workers, "the root of social_network_tree must be in 0..{}, not {}", workers - 1,
          start);

  // A breadth-first search that tries neighbours in ascending order finds workers in the lexicographic order of their
  // first shortest paths, so whoever finds a worker first is its parent on that path.
  std::vector<Edge> pairs;
  std::vector<int> queue = {static_cast<int>(start)};
  std::vector<bool> found(static_cast<size_t>(workers), false);
  found[start] = true;
  for (size_t head = 0; head < queue.size(); ++head) {
    const int parent = queue[head];
    for (const int child : graph.out(parent)) {
      if (found[child]) continue;
      found[child] = true;
      pairs.push_back({parent, child});
      queue.push_back(child);
    }
  }
  return undirected(workers, pairs);
}

}  // namespace skewbench::topology
