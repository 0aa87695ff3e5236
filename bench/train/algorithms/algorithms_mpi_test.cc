// Every algorithm against the formulas of its paper, in double on quadratics: explicit matrices, plain loops, all workers
// in one place (formulas.h). The bound is 1e-12 of the largest element.
// ranks: 1 2 3
#include <gtest/gtest.h>

#include <cmath>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/algorithms/formulas.h"
#include "bench/train/learning_rate.h"
#include "comm/exchange/mpi_test_main.h"
#include "kernels/base/compare.h"

namespace skewbench::train {
namespace {

using namespace formulas;

/// f_i(x) = 1/2 |A_i x - b_i|^2 where x lies in two tensors with multipliers of their own, a gap between them. Behind them
/// a running statistic of one element, whose value on worker i's samples is b_i[0].
class TwoTensors : public Task<double> {
 public:
  TwoTensors(const QuadraticsData& data, Multipliers first, Multipliers second) : data_(data) {
    layout_.add("first", TensorKind::weight, 1, kFirstTensor, first.lr, first.decay);
    layout_.add("second", TensorKind::bias, 1, kDimension - kFirstTensor, second.lr, second.decay);
    layout_.add("statistic", TensorKind::running_statistic, 1, 1);
  }

  const Layout& layout() const override { return layout_; }
  double flops_per_sample() const override { return 0; }
  bool has_classes() const override { return false; }
  void initial_parameters(uint64_t, double* parameters) const override {
    std::fill(parameters, parameters + layout_.size(), 0.0);
    for (int k = 0; k < kDimension; ++k) parameters[position(k)] = data_.x0[static_cast<std::size_t>(k)];
    parameters[layout_.statistics_begin()] = kFirstStatistic;
  }
  double loss_and_gradient(const double* x, const Batch& batch, double* gradient) override {
    std::fill(gradient, gradient + layout_.size(), 0.0);
    const auto* a = reinterpret_cast<const double*>(batch.samples);
    const double* b = a + kDimension * kDimension;
    double loss = 0;
    for (int r = 0; r < kDimension; ++r) {
      double residual = -b[r];
      for (int c = 0; c < kDimension; ++c) residual += a[r * kDimension + c] * x[position(c)];
      for (int c = 0; c < kDimension; ++c) gradient[position(c)] += a[r * kDimension + c] * residual;
      loss += residual * residual / 2;
    }
    gradient[layout_.statistics_begin()] = b[0];
    return loss;
  }
  Evaluation evaluate(const double*, const Batch&) override { return {}; }

 private:
  const QuadraticsData& data_;
  Layout layout_;
};

/// The algorithm's vectors of this rank's workers, in one row each; the other rows stay empty. With `of_statistic`, the
/// running statistic instead of the parameters.
Matrix run_algorithm(const Problem& problem, bool of_statistic = false) {
  const QuadraticsData data = problem.data();
  const auto dataset = quadratics_dataset(data, "quadratics", "random");
  partitions::Partition partition;
  for (int64_t i = 0; i < problem.workers; ++i) partition.push_back({i});
  TwoTensors task(data, problem.first, problem.second);
  const auto topology = topology::make_topology(problem.topology, problem.workers);
  const exchange::Communicator& communicator = *exchange::test_communicator();
  const exchange::Placement placement(problem.workers, communicator.size(), communicator.rank());
  exchange::Meter meter;
  StateTable state(placement.first(), placement.last());
  exchange::Exchange exchange(communicator, placement, topology, meter);
  DataFeed feed(dataset, partition, placement.first(), placement.last(), 1, {});
  Run<double> run(task, exchange, state, feed, {.momentum = problem.momentum, .weight_decay = problem.weight_decay, .batch = 1,
                                                 .mix_statistics = problem.mix_statistics, .freeze_statistics = problem.freeze_statistics});
  const auto algorithm = find_algorithm<double>(problem.algorithm)(run);
  const LearningRate rate(problem.lr, problem.schedule);
  for (int step = 0; step < problem.steps; ++step) {
    run.set_step(step, rate.at(static_cast<double>(step) / kStepsPerEpoch));
    algorithm->step(run);
  }
  Matrix x(static_cast<std::size_t>(problem.workers));
  for (int i = run.first(); i < run.last(); ++i) {
    Vector& row = x[static_cast<std::size_t>(i)];
    if (of_statistic) row.push_back(run.x(i)[run.layout().statistics_begin()]);
    else for (int k = 0; k < kDimension; ++k) row.push_back(run.x(i)[position(k)]);
  }
  return x;
}

void expect_equal(const Matrix& got, const Matrix& want, const std::string& what) {
  double largest = 0;
  for (const Vector& row : want)
    for (const double value : row) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i].empty()) continue;
    const Comparison same = compare(std::span(got[i]), std::span(want[i]), 1e-12 * largest, 0);
    EXPECT_TRUE(same.ok) << what << ", worker " << i << ": " << same.summary;
  }
}

/// The variations that every algorithm is tested with.
std::vector<Problem> variations(const std::string& algorithm, const std::string& topology, bool has_momentum) {
  const Problem plain{.algorithm = algorithm, .topology = topology, .momentum = has_momentum ? 0.9 : 0};
  std::vector<Problem> all(4, plain);
  all[1].weight_decay = 0.03, all[1].x0 = 3;
  all[2].schedule = kWarmUpAndDecay;
  all[3].schedule = kWarmUpAndDecay, all[3].weight_decay = 0.03;
  all[3].first = {.lr = 0.5, .decay = 2}, all[3].second = {.lr = 1.5, .decay = 0};
  return all;
}

template <class Formula>
void expect_formula(const std::string& algorithm, const std::string& topology, Formula formula, bool may_be_plain = true) {
  for (const bool has_momentum : {true, false}) {
    if (!has_momentum && !may_be_plain) continue;
    int number = 0;
    for (const Problem& problem : variations(algorithm, topology, has_momentum))
      expect_equal(run_algorithm(problem), formula(problem),
                   fmt::format("{} on {}, momentum {}, variation {}", algorithm, topology, problem.momentum, number++));
  }
}

TEST(Algorithms, AllReduceSgd) { expect_formula("all_reduce_sgd", "complete", all_reduce_sgd); }

TEST(Algorithms, DPsgd) {
  expect_formula("d_psgd", "ring", [](const Problem& p) { return d_psgd(p, ring(p.workers)); });
  expect_formula("d_psgd", "star", [](const Problem& p) { return d_psgd(p, star(p.workers)); });
  expect_formula("d_psgd", "binary_tree", [](const Problem& p) { return d_psgd(p, binary_tree(p.workers)); });
}

TEST(Algorithms, QgDsgdmN) {
  expect_formula("qg_dsgdm_n", "ring", [](const Problem& p) { return qg_dsgdm_n(p, ring(p.workers)); }, false);
  expect_formula("qg_dsgdm_n", "chain", [](const Problem& p) { return qg_dsgdm_n(p, chain(p.workers)); }, false);
}

TEST(Algorithms, RelaySgd) {
  expect_formula("relaysgd", "chain", [](const Problem& p) { return relaysgd(p, {chain(p.workers)}); });
  expect_formula("relaysgd", "binary_tree", [](const Problem& p) { return relaysgd(p, {binary_tree(p.workers)}); });
  expect_formula("relaysgd", "double_binary_trees", [](const Problem& p) { return relaysgd(p, {binary_tree(p.workers), mirrored_tree(p.workers)}); });
}

TEST(Algorithms, RunningStatisticsAreLocalMixedOrFrozen) {
  const Matrix own = adjacency(8, [](int i, int j) { return i == j; });
  const Matrix mean(8, Vector(8, 1.0 / 8));
  for (const auto& [algorithm, topology, mixing] : {std::tuple{"all_reduce_sgd", "complete", mean},
                                                    {"d_psgd", "ring", metropolis_hastings(ring(8))},
                                                    {"qg_dsgdm_n", "ring", metropolis_hastings(ring(8))},
                                                    {"relaysgd", "star", Matrix()}}) {
    Problem problem{.algorithm = algorithm, .topology = topology};
    expect_equal(run_algorithm(problem, true), statistics(problem, own), fmt::format("local, {}", algorithm));
    problem.freeze_statistics = true;
    expect_equal(run_algorithm(problem, true), Matrix(8, Vector{kFirstStatistic}), fmt::format("frozen, {}", algorithm));
    problem.freeze_statistics = false, problem.mix_statistics = true;
    if (!mixing.empty()) expect_equal(run_algorithm(problem, true), statistics(problem, mixing), fmt::format("mixed, {}", algorithm));
  }
}

double largest_distance(const Matrix& x, const Vector& optimum) {
  double largest = 0;
  for (const Vector& row : x) {
    double square = 0;
    for (std::size_t k = 0; k < row.size(); ++k) square += (row[k] - optimum[k]) * (row[k] - optimum[k]);
    largest = std::max(largest, std::sqrt(square));
  }
  return largest;
}

TEST(Algorithms, HeterogeneityLeavesABiasInGossipButNotInRelaySum) {
  // The same constant rate, long enough for both to stand still. Each worker's own optimum is about zeta away from the
  // common one, zeta = 1: gossip stays off by a sizable part of lr zeta / gap, RelaySum by rounding.
  const auto error = [](const char* algorithm, const char* topology) {
    const Problem problem{.algorithm = algorithm, .topology = topology, .lr = 0.1, .momentum = 0, .steps = 3000};
    return largest_distance(run_algorithm(problem), quadratics_optimum(problem.data()));
  };
  const double of_relaysum = error("relaysgd", "binary_tree"), of_gossip = error("d_psgd", "ring");
  EXPECT_LT(of_relaysum, 1e-9);
  EXPECT_GT(of_gossip, 0.01);
  EXPECT_GT(of_gossip, 1e6 * of_relaysum);
}

TEST(Algorithms, AllReduceReachesTheOptimumWithMomentum) {
  const Problem problem{.algorithm = "all_reduce_sgd", .topology = "complete", .lr = 0.1, .momentum = 0.9, .steps = 600};
  EXPECT_LT(largest_distance(run_algorithm(problem), quadratics_optimum(problem.data())), 1e-9);
}

TEST(Algorithms, QuasiGlobalMomentumIsAboutItsMomentum) {
  const Problem problem{.algorithm = "qg_dsgdm_n", .topology = "ring", .momentum = 0};
  EXPECT_THROW(run_algorithm(problem), Error);
}

TEST(Algorithms, NamesComeWithTheNearest) {
  try {
    find_algorithm<double>("d_pgsd");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'd_psgd'"), std::string::npos) << error.what();
  }
}

TEST(Algorithms, TopologiesThatDoNotFitAreRefused) {
  for (const auto& [algorithm, topology, workers] :
       {std::tuple{"relaysgd", "ring", 4}, {"relaysgd", "complete", 3}, {"all_reduce_sgd", "ring", 4}, {"all_reduce_sgd", "exponential_one_peer", 4}})
    EXPECT_THROW(check_topology_of(algorithm, topology::make_topology(topology, workers)), Error) << algorithm << " on " << topology;
  for (const auto& [algorithm, topology, workers] :
       {std::tuple{"relaysgd", "chain", 4}, {"relaysgd", "double_binary_trees", 4}, {"all_reduce_sgd", "complete", 4}, {"d_psgd", "ring", 4}})
    EXPECT_NO_THROW(check_topology_of(algorithm, topology::make_topology(topology, workers)));
}

}  // namespace
}  // namespace skewbench::train
