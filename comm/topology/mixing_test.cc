// Mixing matrices against their definition; spectra against published figures, closed forms and the power method.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "comm/topology/topology.h"
#include "comm/topology/topology_cases.h"

namespace skewbench::topology {
namespace {

constexpr double kPi = std::numbers::pi;

std::vector<std::vector<double>> dense(const MixingMatrix& matrix) {
  const size_t n = matrix.rows.size();
  std::vector<std::vector<double>> w(n, std::vector<double>(n, 0.0));
  for (size_t i = 0; i < n; ++i) {
    EXPECT_EQ(matrix.rows[i].worker.size(), matrix.rows[i].weight.size());
    for (size_t k = 0; k < matrix.rows[i].worker.size(); ++k) w[i][matrix.rows[i].worker[k]] = matrix.rows[i].weight[k];
  }
  return w;
}

TEST(Mixing, HandMade) {
  // 0 - 1 - 2, 1 - 3: degrees 1, 3, 1, 1.
  const MixingMatrix matrix = metropolis_hastings(graph_of("binary_tree", 4));
  EXPECT_EQ(matrix.rows[1].worker, (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(matrix.rows[1].weight, (std::vector{.25, .25, .25, .25}));
  EXPECT_EQ(matrix.rows[2].worker, (std::vector{1, 2}));
  EXPECT_EQ(matrix.rows[2].weight, (std::vector{.25, .75}));
}

TEST(Mixing, DoublyStochasticOnEveryTopology) {
  for (int n = 1; n <= 40; ++n) {
    for (const std::string& name : names_for(n)) {
      const Topology topology = make_topology(name, n);
      for (const Graph& graph : topology.graphs) {
        const auto w = dense(metropolis_hastings(graph));
        for (int i = 0; i < n; ++i) {
          double row = 0, column = 0;
          for (int j = 0; j < n; ++j) {
            row += w[i][j];
            column += w[j][i];
            EXPECT_EQ(w[i][j] > 0, i == j || graph.edge_index(j, i) >= 0) << name << " " << n;
            EXPECT_TRUE(!graph.is_symmetric() || w[i][j] == w[j][i]) << name << " " << n;
          }
          EXPECT_NEAR(row, 1, 1e-15 * n) << name << " " << n;
          EXPECT_NEAR(column, 1, 1e-15 * n) << name << " " << n;
        }
      }
    }
  }
}

TEST(Mixing, RefusesDirectedGraphsOfUnequalDegree) {
  const Graph unbalanced(3, {{0, 1}, {1, 2}, {2, 0}, {0, 2}});
  EXPECT_REFUSED(metropolis_hastings(unbalanced), "worker 0 has 1 senders and 2 receivers");
  const Graph balanced(4, {{0, 1}, {1, 2}, {2, 0}, {0, 3}, {3, 0}});
  EXPECT_REFUSED(metropolis_hastings(balanced), "worker 1 has 1 senders and 1 receivers");
}

TEST(Mixing, ProductAgainstDense) {
  const MixingMatrix a = metropolis_hastings(graph_of("exponential", 11));
  const MixingMatrix b = metropolis_hastings(graph_of("star", 11));
  const auto da = dense(a), db = dense(b), product = dense(multiply(a, b));
  for (int i = 0; i < 11; ++i) {
    for (int j = 0; j < 11; ++j) {
      double sum = 0;
      for (int k = 0; k < 11; ++k) sum += da[i][k] * db[k][j];
      EXPECT_NEAR(product[i][j], sum, 1e-15);
    }
  }
  EXPECT_REFUSED(multiply(a, metropolis_hastings(graph_of("star", 4))), "11 and 4 workers");
}

TEST(Mixing, OnePeerAveragesExactlyInOnePeriodOfAPowerOfTwo) {
  for (int n = 2; n <= 32; n *= 2) {
    const Topology topology = make_topology("exponential_one_peer", n);
    MixingMatrix product = metropolis_hastings(topology.graph(0));
    for (int step = 1; step < topology.period; ++step) {
      product = multiply(metropolis_hastings(topology.graph(step)), product);
    }
    for (const auto& row : dense(product)) {
      for (const double weight : row) EXPECT_EQ(weight, 1.0 / n);
    }
    EXPECT_NEAR(spectral_gap(product), 1, 1e-12);
  }
}

TEST(Spectrum, PublishedGaps) {
  const auto gap = [](const std::string& name, int n) { return spectral_gap(metropolis_hastings(graph_of(name, n))); };
  EXPECT_NEAR(gap("ring", 16), .0507, 5e-5);
  EXPECT_NEAR(gap("ring", 32), .0128, 5e-5);
  EXPECT_NEAR(gap("chain", 16), .0128, 5e-5);
  EXPECT_NEAR(gap("binary_tree", 16), .0242, 5e-5);
  EXPECT_NEAR(gap("binary_tree", 32), .0101, 5e-5);

  const Spectrum social = spectrum(metropolis_hastings(graph_of("social_network", 32)));
  EXPECT_TRUE(social.is_symmetric);
  EXPECT_NEAR(social.second, .9179, 5e-5);
  EXPECT_NEAR(social.smallest, -.4343, 5e-5);
  EXPECT_NEAR(social.gap(), .0821, 5e-5);

  const auto smallest = [](const std::string& name, int n) {
    return spectrum(metropolis_hastings(graph_of(name, n))).smallest;
  };
  EXPECT_NEAR(smallest("ring", 16), -1.0 / 3, 1e-12);
  EXPECT_NEAR(smallest("binary_tree", 32), -.348, 5e-4);
  EXPECT_NEAR(smallest("binary_tree", 16), -.298, 5e-4);
  EXPECT_NEAR(smallest("chain", 16), -.321, 5e-4);
  EXPECT_NEAR(smallest("star", 16), 0, 1e-12);
}

TEST(Spectrum, ClosedFormsOfSymmetricGraphs) {
  for (int n = 3; n <= 40; ++n) {
    const Spectrum ring = spectrum(metropolis_hastings(graph_of("ring", n)));
    EXPECT_NEAR(ring.second, (1 + 2 * std::cos(2 * kPi / n)) / 3, 1e-12) << n;
    EXPECT_NEAR(ring.smallest, (1 + 2 * std::cos(2 * kPi * (n / 2) / n)) / 3, 1e-12) << n;

    const Spectrum chain = spectrum(metropolis_hastings(graph_of("chain", n)));
    EXPECT_NEAR(chain.second, (1 + 2 * std::cos(kPi / n)) / 3, 1e-12) << n;
    EXPECT_NEAR(chain.smallest, (1 + 2 * std::cos(kPi * (n - 1) / n)) / 3, 1e-12) << n;

    const Spectrum star = spectrum(metropolis_hastings(graph_of("star", n)));
    EXPECT_NEAR(star.second, 1 - 1.0 / n, 1e-12) << n;

    const Spectrum complete = spectrum(metropolis_hastings(graph_of("complete", n)));
    EXPECT_NEAR(complete.second, 0, 1e-12) << n;
    EXPECT_NEAR(complete.smallest, 0, 1e-12) << n;
  }
  const Spectrum torus = spectrum(metropolis_hastings(graph_of("torus", 40)));  // 5 x 8
  EXPECT_NEAR(torus.second, (3 + 2 * std::cos(2 * kPi / 8)) / 5, 1e-12);
  EXPECT_NEAR(torus.smallest, (1 + 2 * std::cos(4 * kPi / 5) - 2) / 5, 1e-12);
}

TEST(Spectrum, DirectedGraphsBySingularValues) {
  for (int n = 4; n <= 40; ++n) {
    const Spectrum hop = spectrum(metropolis_hastings(make_topology("exponential_one_peer", n).graph(0)));
    EXPECT_FALSE(hop.is_symmetric);
    EXPECT_TRUE(std::isnan(hop.smallest));
    EXPECT_NEAR(hop.second, std::cos(kPi / n), 1e-12) << n;
  }
  // Exact for even n: 1 - 2 / (1 + ceil(log2 n)) (Ying et al., "Exponential Graph is Provably Efficient for
  // Decentralized Deep Training", 2021).
  for (const int n : {6, 10, 12, 16, 22, 32, 40}) {
    const double d = std::ceil(std::log2(n));
    EXPECT_NEAR(spectrum(metropolis_hastings(graph_of("exponential", n))).second, (d - 1) / (d + 1), 1e-12) << n;
  }
}

TEST(Spectrum, EigenvaluesCountWithTheirMultiplicity) {
  const Graph two_parts(4, {{0, 1}, {1, 0}, {2, 3}, {3, 2}});
  EXPECT_NEAR(spectrum(metropolis_hastings(two_parts)).second, 1, 1e-14);
  EXPECT_NEAR(spectrum(metropolis_hastings(Graph(3, {}))).second, 1, 1e-14);
  EXPECT_EQ(spectrum(metropolis_hastings(Graph(1, {}))).gap(), 1);
}

TEST(Spectrum, MatricesThatTestTheSolver) {
  const Spectrum swapping = spectrum({{{{1}, {1.0}}, {{0}, {1.0}}}});  // eigenvalues 1, -1
  EXPECT_NEAR(swapping.second, -1, 1e-14);
  EXPECT_NEAR(swapping.smallest, -1, 1e-14);
  const Spectrum diagonal = spectrum({{{{0}, {0.0}}, {{1}, {-1.0}}, {{2}, {1.0}}}});  // a pivot of 0 / 0 at x = 0
  EXPECT_NEAR(diagonal.second, 0, 1e-14);
  EXPECT_NEAR(diagonal.smallest, -1, 1e-14);
  // [1 0 e; 0 0 1; e 1 0] has 1 - e / sqrt(2) + O(e^2): lost by a reflector that cancels.
  const double e = 1e-9;
  const Spectrum close = spectrum({{{{0, 2}, {1.0, e}}, {{2}, {1.0}}, {{0, 1}, {e, 1.0}}}});
  EXPECT_NEAR(close.second, 1 - e / std::sqrt(2), 1e-14);
}

/// W applied to vectors of mean zero shrinks them by lambda_2 per step in the end: an answer that owes nothing to the
/// eigenvalue solver.
TEST(Spectrum, IsTheRateAtWhichDifferencesVanish) {
  for (const std::string name : {"binary_tree", "social_network", "torus", "double_binary_trees"}) {
    const auto w = dense(metropolis_hastings(graph_of(name, 32)));
    std::vector<double> x(32);
    for (int i = 0; i < 32; ++i) x[i] = std::sin(i * i + 1.0);
    double rate = 0;
    for (int step = 0; step < 6000; ++step) {
      const double mean = std::accumulate(x.begin(), x.end(), 0.0) / 32;
      std::vector<double> mixed(32, 0.0);
      for (int i = 0; i < 32; ++i) {
        for (int j = 0; j < 32; ++j) mixed[i] += w[i][j] * (x[j] - mean);
      }
      const double before = std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
      const double after = std::sqrt(std::inner_product(mixed.begin(), mixed.end(), mixed.begin(), 0.0));
      rate = after / before;
      for (int i = 0; i < 32; ++i) x[i] = mixed[i] / after;
    }
    EXPECT_NEAR(rate, spectrum(metropolis_hastings(graph_of(name, 32))).second, 1e-9) << name;
  }
}

TEST(Spectrum, OfAThousandWorkers) {
  const double gap = spectral_gap(metropolis_hastings(graph_of("ring", 1024)));
  EXPECT_NEAR(gap, 2.0 / 3 * (1 - std::cos(2 * kPi / 1024)), 1e-12);
  EXPECT_REFUSED(spectrum(metropolis_hastings(graph_of("ring", 8193))), "limited to 8192 workers, not 8193");
}

}  // namespace
}  // namespace skewbench::topology
