// The named families of graphs behind make_topology. Each takes a number of workers that is at least one and returns
// its graph or a sentence about the sizes it has.
#pragma once

#include <string>
#include <vector>

#include "comm/topology/topology.h"

namespace skewbench::topology {

/// The graph with both directions of each pair.
Graph undirected(int workers, const std::vector<Edge>& pairs);

Graph ring(int workers);      ///< i with i +- 1 modulo n; two workers are one pair
Graph chain(int workers);     ///< i with i +- 1
Graph star(int workers);      ///< 0 with all others
Graph complete(int workers);  ///< everyone with everyone

/// Node 0 is an extra root above node 1; node w >= 1 has the parent w / 2 (relaysgd topologies.py,
/// BinaryTreeTopology). The mirror image renames i to n - 1 - i, so that inner nodes become leaves.
Graph binary_tree(int workers, bool mirrored);

/// Rows x columns >= 3, wrapped round; of all factorisations the one nearest to a square. Worker r * columns + c.
Graph torus(int workers);

/// i sends to i + 2^k modulo n for every 2^k < n.
Graph exponential(int workers);

/// Phase k: i sends to i + 2^k modulo n only; as many phases as there are 2^k < n, at least one.
std::vector<Graph> exponential_one_peer(int workers);

/// 18 women and the 14 events that they attended (Davis, Gardner and Gardner, "Deep South", 1941): 32 workers, women
/// first, in the order of networkx.davis_southern_women_graph().
Graph social_network(int workers);

/// Its spanning tree: the union of the shortest paths from the root, of several the lexicographically first (relaysgd
/// topologies.py, SocialNetworkTreeTopology). An empty root is 0.
Graph social_network_tree(int workers, const std::string& root);

/// Reads the edge list that make_topology describes.
Graph read_edge_list(const std::string& path, int workers);

}  // namespace skewbench::topology
