// Graphs, named topologies and edge-list files against published figures, definitions and brute force.
#include "comm/topology/topology.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <set>

#include "comm/topology/topology_cases.h"

namespace skewbench::topology {
namespace {

/// Distances by Floyd and Warshall; `workers` stands for "cannot be reached".
std::vector<std::vector<int>> distances(const Graph& graph) {
  const int n = graph.workers();
  std::vector<std::vector<int>> hops(n, std::vector<int>(n, n));
  for (int i = 0; i < n; ++i) hops[i][i] = 0;
  for (const auto [from, to] : graph.edges()) hops[from][to] = 1;
  for (int k = 0; k < n; ++k) {
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) hops[i][j] = std::min(hops[i][j], hops[i][k] + hops[k][j]);
    }
  }
  return hops;
}

TEST(Graph, HandMade) {
  const Graph graph(4, {{2, 0}, {0, 1}, {1, 2}, {0, 2}});
  EXPECT_EQ(graph.edges(), (std::vector<Edge>{{0, 1}, {0, 2}, {1, 2}, {2, 0}}));
  EXPECT_TRUE(std::ranges::equal(graph.out(0), std::vector{1, 2}));
  EXPECT_TRUE(std::ranges::equal(graph.in(2), std::vector{0, 1}));
  EXPECT_TRUE(graph.out(3).empty());
  EXPECT_TRUE(graph.in(3).empty());
  EXPECT_EQ(graph.edge_index(1, 2), 2);
  EXPECT_EQ(graph.edge_index(2, 1), -1);
  EXPECT_EQ(graph.edge_index(7, -1), -1);
  EXPECT_FALSE(graph.is_symmetric());
  EXPECT_FALSE(graph.is_connected());
  EXPECT_EQ(graph.diameter(), -1);
  EXPECT_EQ(graph.min_degree(), 0);
  EXPECT_EQ(graph.max_degree(), 2);
}

TEST(Graph, SymmetryNeedsEveryReverse) {
  EXPECT_TRUE(Graph(3, {{0, 1}, {1, 0}}).is_symmetric());
  EXPECT_FALSE(Graph(3, {{0, 1}, {1, 2}, {2, 0}}).is_symmetric());  // as many senders as receivers, not the same
}

TEST(Graph, ReachableInOneDirectionIsNotConnected) {
  EXPECT_FALSE(Graph(3, {{0, 1}, {1, 2}}).is_connected());
  EXPECT_FALSE(Graph(3, {{1, 0}, {2, 1}}).is_connected());
  EXPECT_TRUE(Graph(3, {{0, 1}, {1, 2}, {2, 0}}).is_connected());
}

TEST(Graph, TreesHaveNoCycleAndNoSecondPart) {
  EXPECT_TRUE(Graph(1, {}).is_tree());
  EXPECT_FALSE(Graph(2, {}).is_tree());
  EXPECT_FALSE(graph_of("ring", 5).is_tree());
  EXPECT_FALSE(Graph(4, {{0, 1}, {1, 0}, {1, 2}, {2, 1}, {0, 2}, {2, 0}}).is_tree());  // a triangle and a lone worker
  EXPECT_FALSE(Graph(3, {{0, 1}, {1, 2}, {2, 0}, {0, 2}}).is_tree());                  // four edges, not symmetric
}

TEST(Graph, RefusesWhatIsNoGraph) {
  EXPECT_REFUSED(Graph(0, {}), "at least one worker, not 0");
  EXPECT_REFUSED(Graph(3, {{0, 3}}), "edge 0 -> 3 leaves the workers 0..2");
  EXPECT_REFUSED(Graph(3, {{-1, 2}}), "edge -1 -> 2");
  EXPECT_REFUSED(Graph(3, {{1, 1}}), "edge 1 -> 1 is a self loop");
  EXPECT_REFUSED(Graph(3, {{1, 0}, {0, 1}, {1, 0}}), "edge 1 -> 0 appears twice");
}

TEST(Graph, DiameterAndConnectionAgreeWithBruteForce) {
  for (int n = 1; n <= 40; ++n) {
    for (const std::string& name : names_for(n)) {
      const Topology topology = make_topology(name, n);
      for (const Graph& graph : topology.graphs) {
        int longest = 0;
        for (const auto& row : distances(graph)) longest = std::max(longest, *std::ranges::max_element(row));
        const bool connected = n == 1 || longest < n;
        EXPECT_EQ(graph.is_connected(), connected) << name << " " << n;
        EXPECT_EQ(graph.diameter(), connected ? longest : -1) << name << " " << n;
      }
    }
  }
}

TEST(Topology, EveryNameHasOneSentence) {
  const auto list = list_topologies();
  EXPECT_EQ(list.size(), 12u);
  for (const Named& each : list) EXPECT_FALSE(each.sentence.empty()) << each.name;
}

TEST(Topology, StaticOnesAreConnectedAndTreesAreTrees) {
  const std::set<std::string> trees = {"chain", "star", "binary_tree", "double_binary_trees", "social_network_tree",
                                       "social_network_tree:31"};
  for (int n = 1; n <= 40; ++n) {
    for (const std::string& name : names_for(n)) {
      const Topology topology = make_topology(name, n);
      EXPECT_EQ(topology.name, name);
      EXPECT_EQ(topology.workers, n);
      EXPECT_EQ(std::ssize(topology.graphs), topology.lanes * topology.period);
      EXPECT_EQ(topology.lanes, name == "double_binary_trees" ? 2 : 1);
      for (const Graph& graph : topology.graphs) {
        EXPECT_EQ(graph.workers(), n);
        if (name == "exponential_one_peer") continue;
        EXPECT_EQ(topology.period, 1);
        EXPECT_TRUE(graph.is_connected()) << name << " " << n;
        EXPECT_TRUE(name == "exponential" || graph.is_symmetric()) << name << " " << n;
        EXPECT_TRUE(!trees.contains(name) || graph.is_tree()) << name << " " << n;
      }
    }
  }
}

TEST(Topology, SmallSizes) {
  for (const std::string name : {"ring", "chain", "star", "complete", "binary_tree", "exponential"}) {
    EXPECT_TRUE(graph_of(name, 1).edges().empty()) << name;
    EXPECT_EQ(graph_of(name, 2).edges(), (std::vector<Edge>{{0, 1}, {1, 0}})) << name;
  }
}

TEST(Topology, RingChainStarComplete) {
  EXPECT_EQ(graph_of("ring", 4).edges(),
            (std::vector<Edge>{{0, 1}, {0, 3}, {1, 0}, {1, 2}, {2, 1}, {2, 3}, {3, 0}, {3, 2}}));
  EXPECT_EQ(graph_of("chain", 3).edges(), (std::vector<Edge>{{0, 1}, {1, 0}, {1, 2}, {2, 1}}));
  EXPECT_EQ(graph_of("star", 3).edges(), (std::vector<Edge>{{0, 1}, {0, 2}, {1, 0}, {2, 0}}));
  EXPECT_EQ(graph_of("complete", 10).edges().size(), 90u);
  EXPECT_EQ(graph_of("complete", 10).min_degree(), 9);
  EXPECT_EQ(graph_of("chain", 16).diameter(), 15);
}

TEST(Topology, BinaryTreeAsPublished) {
  const std::vector<Edge> pairs = {{0, 1}, {1, 2},  {1, 3},  {2, 4},  {2, 5},  {3, 6},  {3, 7}, {4, 8},
                                   {4, 9}, {5, 10}, {5, 11}, {6, 12}, {6, 13}, {7, 14}, {7, 15}};
  std::set<Edge> edges;
  for (const auto [a, b] : pairs) edges.insert({{a, b}, {b, a}});
  EXPECT_TRUE(std::ranges::equal(graph_of("binary_tree", 16).edges(), edges));
  for (const auto& [n, diameter] : std::vector<std::pair<int, int>>{{8, 4}, {16, 6}, {32, 8}, {64, 10}}) {
    EXPECT_EQ(graph_of("binary_tree", n).diameter(), diameter);
    EXPECT_EQ(graph_of("binary_tree", n).max_degree(), 3);
  }
}

TEST(Topology, DoubleTreesShareTheLoad) {
  for (int n = 8; n <= 64; n *= 2) {
    const Topology trees = make_topology("double_binary_trees", n);
    int with_two = 0, with_four = 0;
    for (int i = 0; i < n; ++i) {
      const size_t degrees = trees.graph(0, 0).out(i).size() + trees.graph(0, 1).out(i).size();
      with_two += degrees == 2;
      with_four += degrees == 4;
      for (const int j : trees.graph(5, 0).out(i)) EXPECT_GE(trees.graph(5, 1).edge_index(n - 1 - i, n - 1 - j), 0);
    }
    EXPECT_EQ(with_two, 2);
    EXPECT_EQ(with_four, n - 2);
  }
}

TEST(Topology, TorusIsTheNearestToASquare) {
  for (const auto& [n, rows] : std::vector<std::pair<int, int>>{{9, 3}, {12, 3}, {16, 4}, {24, 4}, {36, 6}, {40, 5}}) {
    const Graph graph = graph_of("torus", n);
    const int columns = n / rows;
    EXPECT_EQ(graph.min_degree(), 4);
    EXPECT_EQ(graph.max_degree(), 4);
    EXPECT_EQ(graph.diameter(), rows / 2 + columns / 2);
    EXPECT_GE(graph.edge_index(0, 1), 0);
    EXPECT_GE(graph.edge_index(0, columns), 0);
    EXPECT_GE(graph.edge_index(0, columns - 1), 0);
    EXPECT_GE(graph.edge_index(0, n - columns), 0);
  }
}

TEST(Topology, TorusRefusesOtherSizes) {
  EXPECT_REFUSED(make_topology("torus", 5), "a torus of 5 workers does not exist");
  EXPECT_REFUSED(make_topology("torus", 5), "near it are 9");
  EXPECT_REFUSED(make_topology("torus", 10), "near it are 9 and 12");
  for (int n = 1; n <= 40; ++n) {
    if (std::ranges::count(names_for(n), "torus") == 0) {
      EXPECT_REFUSED(make_topology("torus", n), "does not exist");
    }
  }
}

TEST(Topology, ExponentialSendsPowersOfTwoAhead) {
  const Graph graph = graph_of("exponential", 12);
  EXPECT_TRUE(std::ranges::equal(graph.out(9), std::vector{1, 5, 10, 11}));
  EXPECT_TRUE(std::ranges::equal(graph.in(0), std::vector{4, 8, 10, 11}));
}

TEST(Topology, OnePeerTakesTheHopsInTurn) {
  for (int n = 2; n <= 40; ++n) {
    const Topology topology = make_topology("exponential_one_peer", n);
    EXPECT_EQ(topology.period, static_cast<int>(std::ceil(std::log2(n)))) << n;
    for (int64_t step = 0; step < 3 * topology.period; ++step) {
      const Graph& graph = topology.graph(step);
      EXPECT_EQ(graph.edges().size(), static_cast<size_t>(n));
      for (int i = 0; i < n; ++i) EXPECT_GE(graph.edge_index(i, (i + (1 << (step % topology.period))) % n), 0);
    }
  }
  const Topology large = make_topology("exponential_one_peer", 16);
  EXPECT_EQ(&large.graph((int64_t{1} << 40) + 3), &large.graphs[3]);
}

TEST(Topology, SocialNetworkAsPublished) {
  const Graph graph = graph_of("social_network", 32);
  EXPECT_EQ(graph.edges().size(), 2u * 89);
  EXPECT_EQ(graph.diameter(), 4);
  EXPECT_EQ(graph.max_degree(), 14);
  // How many events each woman attended, and how many women each event had (Davis et al., 1941).
  const std::vector<size_t> degrees = {8, 7, 8, 7, 4, 4, 4, 3, 4, 4, 4,  6,  7,  8, 5, 2,
                                       2, 2, 3, 3, 6, 4, 8, 8, 10, 14, 12, 5, 4, 6, 3, 3};
  for (int i = 0; i < 32; ++i) EXPECT_EQ(graph.out(i).size(), degrees[i]) << i;
  for (const auto [from, to] : graph.edges()) EXPECT_NE(from < 18, to < 18);
  EXPECT_REFUSED(make_topology("social_network", 16), "the social network has 32 workers, not 16");
}

/// The lexicographically first of all shortest paths, by enumeration.
std::vector<int> first_path(const Graph& graph, const std::vector<std::vector<int>>& hops, int from, int to) {
  if (from == to) return {from};
  std::vector<int> best;
  for (const int next : graph.out(from)) {
    if (hops[next][to] + 1 != hops[from][to]) continue;
    std::vector<int> path = first_path(graph, hops, next, to);
    path.insert(path.begin(), from);
    if (best.empty() || path < best) best = path;
  }
  return best;
}

TEST(Topology, SocialNetworkTreesFollowTheFirstShortestPaths) {
  const Graph graph = graph_of("social_network", 32);
  const auto hops = distances(graph);
  std::set<int> diameters;
  for (int root = 0; root < 32; ++root) {
    std::set<Edge> edges;
    for (int worker = 0; worker < 32; ++worker) {
      const std::vector<int> path = first_path(graph, hops, root, worker);
      for (size_t k = 1; k < path.size(); ++k) edges.insert({{path[k - 1], path[k]}, {path[k], path[k - 1]}});
    }
    const Graph tree = graph_of("social_network_tree:" + std::to_string(root), 32);
    EXPECT_TRUE(std::ranges::equal(tree.edges(), edges)) << root;
    EXPECT_TRUE(tree.is_tree()) << root;
    diameters.insert(tree.diameter());
  }
  EXPECT_EQ(diameters, (std::set<int>{5, 6, 7}));
  EXPECT_EQ(graph_of("social_network_tree", 32).edges(), graph_of("social_network_tree:0", 32).edges());
}

TEST(Topology, RefusesBadNames) {
  EXPECT_REFUSED(make_topology("rnig", 4), "unknown topology 'rnig'; did you mean 'ring'?");
  EXPECT_REFUSED(make_topology("", 4), "unknown topology ''");
  EXPECT_REFUSED(make_topology("ring", 0), "1 to 65536 workers, not 0");
  EXPECT_REFUSED(make_topology("ring", -3), "not -3");
  EXPECT_REFUSED(make_topology("ring", 65537), "not 65537");
  EXPECT_REFUSED(make_topology("complete", 65536), "limited to 4096 workers");
  EXPECT_REFUSED(make_topology("ring:3", 4), "'ring' takes no argument, as in 'ring:3'");
  EXPECT_REFUSED(make_topology("file", 4), "'file' needs an argument: file:PATH");
  EXPECT_REFUSED(make_topology("file:", 4), "'file:' ends in a colon without an argument");
  EXPECT_REFUSED(make_topology("social_network_tree:", 32), "ends in a colon");
  EXPECT_REFUSED(make_topology("social_network_tree:x", 32), "must be an integer, not 'x'");
  EXPECT_REFUSED(make_topology("social_network_tree:32", 32), "must be in 0..31, not 32");
  EXPECT_REFUSED(make_topology("social_network_tree:-1", 32), "must be in 0..31, not -1");
}

class EdgeListFile : public ::testing::Test {
 protected:
  Graph read(const std::string& text, int workers) {
    std::ofstream(path_, std::ios::binary) << text;
    return make_topology("file:" + path_, workers).graph(0);
  }
  void TearDown() override { std::remove(path_.c_str()); }

  const std::string path_ = ::testing::TempDir() + "skewbench_topology_test.edges";
};

TEST_F(EdgeListFile, RoundTrip) {
  for (const int n : {1, 2, 3, 16, 32, 36}) {
    for (const std::string& name : names_for(n)) {
      const Graph graph = graph_of(name, n);
      if (!graph.is_connected()) continue;
      std::string text = "directed\n";
      for (const auto [from, to] : graph.edges()) text += fmt::format("{} {}\n", from, to);
      EXPECT_EQ(read(text, n).edges(), graph.edges()) << name << " " << n;
      if (!graph.is_symmetric()) continue;
      text.clear();
      for (const auto [from, to] : graph.edges()) text += from < to ? fmt::format("{},{}\n", to, from) : "";
      EXPECT_EQ(read(text, n).edges(), graph.edges()) << name << " " << n;
    }
  }
}

TEST_F(EdgeListFile, BlanksCommasCommentsAndLineEnds) {
  const std::vector<Edge> chain = {{0, 1}, {1, 0}, {1, 2}, {2, 1}};
  EXPECT_EQ(read("# a chain\n\n 0\t1 # first\r\n2 , 1", 3).edges(), chain);
  EXPECT_EQ(read("# then\n directed # that is\n0 1\n1 0\n1 2\n2 1\n", 3).edges(), chain);
}

TEST_F(EdgeListFile, BadLinesAreNamed) {
  const std::vector<std::string> no_pairs = {"0", "0 1 2", "0 x", "x 0", "0;1", "0,,1", "0 1,", "0.5 1", "01-2", "0-1",
                                             "99999999999 0", "undirected", "i,j"};
  for (const std::string& line : no_pairs) {
    EXPECT_REFUSED(read("0 1\n\n" + line + "\n", 2), "line 3: expected two worker ids, not '" + line + "'");
  }
  EXPECT_REFUSED(read("0 1\ndirected\n", 2), "line 2: expected two worker ids, not 'directed'");
  EXPECT_REFUSED(read("0 1\n1 2\n", 2), "line 2: worker 2 is not in 0..1");
  EXPECT_REFUSED(read("-1 1\n", 2), "line 1: worker -1 is not in 0..1");
  EXPECT_REFUSED(read("# x\n1 1\n", 2), "line 2: worker 1 cannot be its own neighbour");
  EXPECT_REFUSED(read("0 1\n1 0\n", 2), "line 2: '1 0' stands already in line 1");
  EXPECT_REFUSED(read("directed\n0 1\n1 0\n0 1\n", 2), "line 4: '0 1' stands already in line 2");
}

TEST_F(EdgeListFile, AllWorkersMustBeConnected) {
  EXPECT_REFUSED(read("0 1\n", 3), "does not connect all of 3 workers (the highest id in it is 1)");
  EXPECT_REFUSED(read("directed\n0 1\n1 2\n", 3), "does not connect all of 3 workers");
  EXPECT_REFUSED(read("", 2), "does not connect all of 2 workers");
  EXPECT_TRUE(read("", 1).edges().empty());
}

TEST_F(EdgeListFile, MissingAndUnreadable) {
  EXPECT_REFUSED(make_topology("file:" + path_, 3), "cannot open the edge list '" + path_ + "': No such file");
  EXPECT_REFUSED(make_topology("file:" + ::testing::TempDir(), 3), "cannot read the edge list");
}

}  // namespace
}  // namespace skewbench::topology
