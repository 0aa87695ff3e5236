// Who talks to whom, and with which weights: graphs on workers, named topologies, mixing matrices and their spectra.
//
// Pure functions of a name and a number of workers: no MPI, no ranks, no randomness. Facts and published figures:
// Vogels et al., "RelaySum for Decentralized Deep Learning on Heterogeneous Data", 2021, and its code, epfml/relaysgd.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/names.h"

namespace skewbench::topology {

/// `from` sends to `to`.
struct Edge {
  int from, to;
  auto operator<=>(const Edge&) const = default;
};

/// A directed graph on workers 0..n-1, immutable. An undirected graph holds both directions of each edge.
class Graph {
 public:
  /// Takes the edges in any order. Refuses fewer than one worker, ids outside 0..workers-1, self loops and duplicates.
  Graph(int workers, std::vector<Edge> edges);

  int workers() const { return workers_; }
  const std::vector<Edge>& edges() const { return edges_; }  ///< sorted by (from, to)

  std::span<const int> out(int worker) const;  ///< whom it sends to, ascending
  std::span<const int> in(int worker) const;   ///< whom it receives from, ascending
  int edge_index(int from, int to) const;      ///< position in edges(), -1 if there is no such edge

  bool is_symmetric() const;  ///< every edge has its reverse
  bool is_connected() const;  ///< strongly: every worker reaches every other
  bool is_tree() const;       ///< symmetric, connected, without cycles; one worker alone is a tree
  int diameter() const;       ///< longest shortest path in hops; 0 for one worker, -1 if not strongly connected
  int min_degree() const;     ///< smallest number of receivers of a worker
  int max_degree() const;     ///< largest number of receivers of a worker

 private:
  int workers_;
  std::vector<Edge> edges_;
  std::vector<int> receivers_, senders_;          // concatenated over the workers
  std::vector<int> first_receiver_, first_sender_;  // [workers + 1], where each worker's part starts
};

/// A periodic sequence of graphs; a static topology has period 1. With more than one lane the flat vector is split
/// into interleaved coordinates (lane k holds k, k + lanes, k + 2 lanes, ...), and each lane has its own graph.
struct Topology {
  std::string name;      ///< as typed: "ring", "social_network_tree:3", "file:edges.txt"
  int workers = 1;
  int lanes = 1;
  int period = 1;
  std::vector<Graph> graphs;  ///< [phase * lanes + lane], phase in 0..period-1
  std::string sentence;       ///< what it is, for humans

  /// The graph used at step >= 0 in a lane: that of phase step mod period.
  const Graph& graph(int64_t step, int lane = 0) const;
};

/// The topology of that name on that many workers; list_topologies() says which there are. Refuses unknown names (with
/// the nearest one), sizes that a topology does not have, and files that do not describe a connected graph.
///
/// Small sizes: one worker has no edges; a ring of two workers is a single pair, as are the chain and the star of two.
///
/// "file:PATH" reads an undirected edge list: one "i j" or "i,j" a line, '#' starts a comment. When the first line is
/// the word "directed", each line is one directed edge. An edge given twice is refused, in an undirected file also when
/// the second time is the other way round; so is a graph in which some worker does not reach all others.
Topology make_topology(const std::string& name, int workers);

/// All names with one sentence each; an argument is shown as in "file:PATH".
std::vector<Named> list_topologies();

/// What one worker mixes: the weights of itself and its in-neighbours, ascending by id with itself in its place.
struct MixingRow {
  std::vector<int> worker;
  std::vector<double> weight;
};

/// W, row by row: x_i <- sum over k of rows[i].weight[k] * x_{rows[i].worker[k]}.
struct MixingMatrix {
  std::vector<MixingRow> rows;
};

/// Doubly stochastic weights. Symmetric graph: Metropolis-Hastings, w_ij = 1 / (max(deg_i, deg_j) + 1) and
/// w_ii = 1 - sum_j w_ij (relaysgd topologies.py, gossip_matrix). A graph that is not symmetric is refused unless all
/// in-degrees and out-degrees are one number d; then every weight is 1 / (d + 1), and again w_ii = 1 - sum_j w_ij.
MixingMatrix metropolis_hastings(const Graph& graph);

/// The matrix product a b, that is: mixing with b first, then with a. Zero entries are left out.
MixingMatrix multiply(const MixingMatrix& a, const MixingMatrix& b);

/// How quickly W x W x W ... x forgets differences. `second` is lambda_2, the second largest eigenvalue (signed), if W
/// is symmetric; otherwise the second largest singular value, which bounds the contraction in the 2-norm: the largest
/// one of W - 11'/n for a doubly stochastic W. Accurate to about 1e-12; O(n^3), refuses more than 8,192 workers.
struct Spectrum {
  bool is_symmetric = true;
  double second = 0;    ///< lambda_2 or sigma_2; 0 for one worker
  double smallest = 1;  ///< lambda_min if W is symmetric, otherwise NaN
  double gap() const { return 1 - second; }
};
Spectrum spectrum(const MixingMatrix& matrix);

/// 1 - lambda_2 for a symmetric W, 1 - sigma_2 otherwise: spectrum(matrix).gap().
double spectral_gap(const MixingMatrix& matrix);

}  // namespace skewbench::topology
