// RelaySum over MPI against all workers in one process, bit for bit; exact after `diameter` steps on every tree.
// ranks: 1 2 3 5 8
// full ranks: 1 2 3 4 5 6 7 8
#include "comm/relaysum/relaysum.h"

#include <gtest/gtest.h>

#include "comm/exchange/mpi_test_main.h"
#include "comm/scheme_test_vectors.h"
#include "kernels/base/compare.h"

namespace skewbench::relaysum {
namespace {

struct Case {
  const char* topology;
  int workers;
};
const Case kTrees[] = {{"chain", 8}, {"chain", 13}, {"star", 9}, {"binary_tree", 16}, {"binary_tree", 11},
                       {"double_binary_trees", 16}, {"double_binary_trees", 9}, {"social_network_tree", 32}};

template <class T>
void expect_same_bits() {
  const exchange::Communicator& communicator = *exchange::test_communicator();
  for (const Case& example : kTrees) {
    const auto topology = topology::make_topology(example.topology, example.workers);
    const exchange::Placement placement(example.workers, communicator.size(), communicator.rank());
    constexpr int64_t kCount = 517;
    exchange::Meter meter;
    exchange::Exchange exchange(communicator, placement, topology, meter);
    StateTable state(placement.first(), placement.last());
    RelaySum<T> relaysum(exchange, state, kCount);
    RelaySumReference<T> reference(topology);
    const auto initial = random_vector<T>(999, 0, kCount);
    std::vector<std::vector<T>> average(static_cast<std::size_t>(placement.local()), std::vector<T>(kCount)), want;
    for (int64_t step = 0; step < 16; ++step) {  // more than any diameter: counts become complete
      const auto value = random_vectors<T>(example.workers, step, kCount);
      relaysum.run(step, [&](int i) { return value[static_cast<std::size_t>(i)].data(); }, initial.data(),
                   [&](int i) { return average[static_cast<std::size_t>(i - placement.first())].data(); });
      reference.step(value, initial, want);
      for (int i = placement.first(); i < placement.last(); ++i) {
        const Comparison same = compare_bits(std::span<const T>(average[static_cast<std::size_t>(i - placement.first())]),
                                             std::span<const T>(want[static_cast<std::size_t>(i)]));
        ASSERT_TRUE(same.ok) << example.topology << " step " << step << " worker " << i << ": " << same.summary;
      }
    }
  }
}

TEST(RelaySum, FloatEqualsTheOneProcessReferenceToTheBit) { expect_same_bits<float>(); }
TEST(RelaySum, DoubleEqualsTheOneProcessReferenceToTheBit) { expect_same_bits<double>(); }

// With values that never change, x_i is the exact mean of all of them from step diameter - 1 on, and the reference
// vector has left the sum. Small integers and n a power of two: every sum and quotient is exact.
TEST(RelaySumReference, ExactMeanAfterDiameterStepsOnEveryTree) {
  const Case trees[] = {{"chain", 8}, {"star", 8}, {"binary_tree", 16}, {"double_binary_trees", 16}, {"social_network_tree:5", 32}};
  for (const Case& example : trees) {
    const auto topology = topology::make_topology(example.topology, example.workers);
    int diameter = 0;
    for (const auto& graph : topology.graphs) diameter = std::max(diameter, graph.diameter());
    RelaySumReference<double> relaysum(topology);
    std::vector<std::vector<double>> value, average;
    double mean = 0;
    for (int i = 0; i < example.workers; ++i) {
      value.push_back({double(3 * i + 1), double(3 * i + 1)});
      mean += (3.0 * i + 1) / example.workers;
    }
    for (int step = 0; step < diameter + 3; ++step) {
      relaysum.step(value, {1000.0, 1000.0}, average);
      bool all_exact = true;
      for (const auto& x : average) all_exact &= x[0] == mean && x[1] == mean;
      EXPECT_EQ(all_exact, step >= diameter - 1) << example.topology << " step " << step;
    }
  }
}

// Every value v_j(s) enters x_i(t) once, at t = s + distance(i, j) - 1 (one hop is received in the step it is sent): a single
// pulse at worker j shows up at worker i exactly then, divided by n.
TEST(RelaySumReference, AValueArrivesOnceAndAsLateAsItsDistance) {
  const int n = 8;
  const auto topology = topology::make_topology("chain", n);
  for (int source = 0; source < n; ++source) {
    RelaySumReference<double> relaysum(topology);
    std::vector<std::vector<double>> average;
    for (int step = 0; step < 12; ++step) {
      std::vector<std::vector<double>> value(n, std::vector<double>(1, 0.0));
      if (step == 2) value[static_cast<std::size_t>(source)][0] = n;
      relaysum.step(value, {0.0}, average);
      for (int i = 0; i < n; ++i) {
        const int hops = std::abs(i - source), arrival = hops == 0 ? 2 : 2 + hops - 1;
        EXPECT_EQ(average[static_cast<std::size_t>(i)][0], step == arrival ? 1.0 : 0.0) << source << "->" << i << " step " << step;
      }
    }
  }
}

TEST(RelaySum, RefusesACycleWithTheNumbers) {
  try {
    require_trees(topology::make_topology("ring", 6));
    ADD_FAILURE() << "a ring is no tree";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "relaysum needs a tree, but ring of 6 workers is none: it has 12 directed edges where a tree has 10");
  }
  EXPECT_THROW(require_trees(topology::make_topology("exponential_one_peer", 8)), Error);
}

}  // namespace
}  // namespace skewbench::relaysum
