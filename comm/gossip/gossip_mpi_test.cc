// Gossip over MPI against all workers in one process, bit for bit; and what averaging must do to means and distances.
// ranks: 1 2 3 5 8
// full ranks: 1 2 3 4 5 6 7 8
#include "comm/gossip/gossip.h"

#include <gtest/gtest.h>

#include <cmath>

#include "comm/exchange/mpi_test_main.h"
#include "comm/scheme_test_vectors.h"
#include "kernels/base/compare.h"

namespace skewbench::gossip {
namespace {

struct Case {
  const char* topology;
  int workers;
};
const Case kCases[] = {{"ring", 16}, {"ring", 9}, {"chain", 11}, {"star", 10}, {"complete", 8}, {"binary_tree", 16}, {"torus", 12},
                       {"double_binary_trees", 12}, {"exponential", 8}, {"exponential_one_peer", 16}, {"social_network", 32}};

/// `steps` of gossip on this rank's workers from the random vectors; [local worker].
template <class T>
std::vector<std::vector<T>> gossip_over_mpi(const topology::Topology& topology, int64_t steps, int64_t count) {
  const exchange::Communicator& communicator = *exchange::test_communicator();
  const exchange::Placement placement(topology.workers, communicator.size(), communicator.rank());
  exchange::Meter meter;
  exchange::Exchange exchange(communicator, placement, topology, meter);
  Gossip<T> gossip(exchange, count);
  std::vector<std::vector<T>> x, next;
  for (int i = placement.first(); i < placement.last(); ++i) x.push_back(random_vector<T>(i, 0, count));
  next = x;
  const auto of = [&](auto& vectors) {
    return [&](int i) { return vectors[static_cast<std::size_t>(i - placement.first())].data(); };
  };
  for (int64_t step = 0; step < steps; ++step) {
    gossip.run(step, of(x), of(next));
    std::swap(x, next);
  }
  return x;
}

template <class T>
void expect_same_bits() {
  for (const Case& example : kCases) {
    const auto topology = topology::make_topology(example.topology, example.workers);
    constexpr int64_t kCount = 1037, kSteps = 6;
    const auto got = gossip_over_mpi<T>(topology, kSteps, kCount);
    auto want = random_vectors<T>(example.workers, 0, kCount), mixed = want;
    for (int64_t step = 0; step < kSteps; ++step) {
      gossip_ref(topology, step, want, mixed);
      std::swap(want, mixed);
    }
    const exchange::Communicator& communicator = *exchange::test_communicator();
    const exchange::Placement placement(example.workers, communicator.size(), communicator.rank());
    for (int i = placement.first(); i < placement.last(); ++i) {
      const Comparison same = compare_bits(std::span<const T>(got[static_cast<std::size_t>(i - placement.first())]),
                                           std::span<const T>(want[static_cast<std::size_t>(i)]));
      EXPECT_TRUE(same.ok) << example.topology << " worker " << i << ": " << same.summary;
    }
  }
}

TEST(Gossip, FloatEqualsTheOneProcessReferenceToTheBit) { expect_same_bits<float>(); }
TEST(Gossip, DoubleEqualsTheOneProcessReferenceToTheBit) { expect_same_bits<double>(); }

TEST(GossipReference, KeepsTheMeanAndContractsByTheSpectralRate) {
  for (const char* name : {"ring", "chain", "star", "complete", "binary_tree", "torus"}) {
    const int n = 16;
    const auto topology = topology::make_topology(name, n);
    const double rate = 1 - topology::spectral_gap(topology::metropolis_hastings(topology.graph(0)));
    const auto spectrum = topology::spectrum(topology::metropolis_hastings(topology.graph(0)));
    const double modulus = std::max(rate, std::fabs(spectrum.smallest));  // per step at most the largest |lambda| but 1
    auto x = random_vectors<double>(n, 0, 50), mixed = x;
    const auto mean_and_distance = [&](std::vector<double>& mean) {
      mean.assign(50, 0);
      for (const auto& vector : x)
        for (std::size_t e = 0; e < 50; ++e) mean[e] += vector[e] / n;
      double distance = 0;
      for (const auto& vector : x)
        for (std::size_t e = 0; e < 50; ++e) distance += (vector[e] - mean[e]) * (vector[e] - mean[e]);
      return std::sqrt(distance);
    };
    std::vector<double> first_mean, mean;
    double distance = mean_and_distance(first_mean);
    for (int64_t step = 0; step < 20; ++step) {
      gossip_ref(topology, step, x, mixed);
      std::swap(x, mixed);
      const double next = mean_and_distance(mean);
      EXPECT_LE(next, modulus * distance + 1e-12) << name << " step " << step;
      distance = next;
      EXPECT_TRUE(compare(std::span<const double>(mean), std::span<const double>(first_mean), 1e-13, 0).ok) << name;
    }
    if (std::string(name) == "complete") {
      EXPECT_LT(distance, 1e-12) << "one step of the complete graph is the mean";
    }
  }
}

}  // namespace
}  // namespace skewbench::gossip
