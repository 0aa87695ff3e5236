#include "comm/topology/topology.h"

#include "comm/topology/families.h"
#include "kernels/base/error.h"

namespace skewbench::topology {

namespace {

constexpr int kMostWorkers = 65536;

struct Family {
  const char* name;
  const char* argument;  ///< as shown in lists; empty if it takes none, in brackets if it can be left out
  const char* sentence;
  int lanes;
  std::vector<Graph> (*graphs)(int workers, const std::string& argument);  ///< [phase * lanes + lane]
};

using Graphs = std::vector<Graph>;

// To add a topology: a function in families.h and a line here.
const Family kFamilies[] = {
    {"ring", "", "each worker with the next and the previous", 1,
     [](int n, const std::string&) { return Graphs{ring(n)}; }},
    {"chain", "", "a ring cut open: the tree of the largest diameter", 1,
     [](int n, const std::string&) { return Graphs{chain(n)}; }},
    {"star", "", "worker 0 with all others", 1, [](int n, const std::string&) { return Graphs{star(n)}; }},
    {"complete", "", "everyone with everyone", 1, [](int n, const std::string&) { return Graphs{complete(n)}; }},
    {"binary_tree", "", "worker 0 above worker 1, below it each worker w has the children 2w and 2w+1", 1,
     [](int n, const std::string&) { return Graphs{binary_tree(n, false)}; }},
    {"double_binary_trees", "", "the binary tree for even and its mirror image for odd coordinates", 2,
     [](int n, const std::string&) { return Graphs{binary_tree(n, false), binary_tree(n, true)}; }},
    {"torus", "", "a grid wrapped round, as near to a square as the number of workers allows, sides of at least 3", 1,
     [](int n, const std::string&) { return Graphs{torus(n)}; }},
    {"exponential", "", "directed: each worker sends 1, 2, 4, ... workers ahead", 1,
     [](int n, const std::string&) { return Graphs{exponential(n)}; }},
    {"exponential_one_peer", "", "directed: one of the exponential graph's hops a step, in turn", 1,
     [](int n, const std::string&) { return exponential_one_peer(n); }},
    {"social_network", "", "the 32-node Davis southern women network: 18 women, 14 events", 1,
     [](int n, const std::string&) { return Graphs{social_network(n)}; }},
    {"social_network_tree", "[:ROOT]", "a spanning tree of the social network: shortest paths from ROOT (default 0)", 1,
     [](int n, const std::string& root) { return Graphs{social_network_tree(n, root)}; }},
    {"file", ":PATH", "an edge list, 'i j' or 'i,j' a line, undirected unless its first line says 'directed'", 1,
     [](int n, const std::string& path) { return Graphs{read_edge_list(path, n)}; }},
};

const Family& find_family(const std::string& name) {
  std::vector<std::string> known;
  for (const Family& family : kFamilies) {
    if (name == family.name) return family;
    known.emplace_back(family.name);
  }
  fail_unknown("topology", name, known);
}

}  // namespace

const Graph& Topology::graph(int64_t step, int lane) const {
  return graphs[static_cast<size_t>(step % period * lanes + lane)];
}

Topology make_topology(const std::string& name, int workers) {
  const NameWithArgument typed = split_argument(name);
  const Family& family = find_family(typed.name);
  const std::string_view argument = family.argument;
  REQUIRE(workers >= 1 && workers <= kMostWorkers, "a topology has 1 to {} workers, not {}", kMostWorkers, workers);
  REQUIRE(!typed.has_argument || !argument.empty(), "topology '{}' takes no argument, as in '{}'", family.name, name);
  REQUIRE(!typed.has_argument || !typed.argument.empty(), "topology '{}' ends in a colon without an argument", name);
  REQUIRE(typed.has_argument || !argument.starts_with(':'), "topology '{}' needs an argument: {}{}", name, name,
          argument);

  Topology topology;
  topology.name = name;
  topology.workers = workers;
  topology.lanes = family.lanes;
  topology.graphs = family.graphs(workers, typed.argument);
  topology.period = static_cast<int>(topology.graphs.size()) / family.lanes;
  topology.sentence = family.sentence;
  return topology;
}

std::vector<Named> list_topologies() {
  std::vector<Named> list;
  for (const Family& family : kFamilies) list.push_back({std::string(family.name) + family.argument, family.sentence});
  return list;
}

}  // namespace skewbench::topology
