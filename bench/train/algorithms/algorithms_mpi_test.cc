// Every algorithm against the formulas of its paper, in double on quadratics: explicit matrices, plain loops, all workers
// in one place. Nothing here shares code with the algorithms or their schemes; RelaySum is stated by distances in the
// tree instead of messages. The bound is 1e-12 of the largest element.
// ranks: 1 2 3
#include <gtest/gtest.h>

#include <cmath>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/learning_rate.h"
#include "bench/train/tasks/quadratics.h"
#include "comm/exchange/mpi_test_main.h"
#include "kernels/base/compare.h"

namespace skewbench::train {
namespace {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;  // [worker][element], or [worker][worker]

constexpr int kDimension = 10, kStepsPerEpoch = 4;

/// f_i(x) = 1/2 |A_i x - b_i|^2 where x lies in two tensors with multipliers of their own, a gap between them. Behind them
/// a running statistic of one element, whose value on worker i's samples is b_i[0].
class TwoTensors : public Task<double> {
 public:
  static constexpr int kFirst = 7;  // elements of the first tensor
  static constexpr double kFirstStatistic = 4;
  struct Multipliers {
    double lr = 1, decay = 1;
  };
  TwoTensors(const QuadraticsData& data, Multipliers first, Multipliers second) : data_(data) {
    layout_.add("first", TensorKind::weight, 1, kFirst, first.lr, first.decay);
    layout_.add("second", TensorKind::bias, 1, kDimension - kFirst, second.lr, second.decay);
    layout_.add("statistic", TensorKind::running_statistic, 1, 1);
  }
  static int64_t position(int k) { return k < kFirst ? k : Layout::kTensorAlignment + k - kFirst; }

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

struct Problem {
  int workers = 8;
  std::string algorithm, topology;
  double lr = 0.05, momentum = 0.9, weight_decay = 0;
  std::string schedule = "constant";
  TwoTensors::Multipliers first{}, second{};
  double x0 = 0;  ///< every worker starts at (x0, x0 / 2, x0 / 3, ...)
  int steps = 24;
  bool mix_statistics = false, freeze_statistics = false;

  QuadraticsData data() const {
    QuadraticsData made = random_quadratics(workers, kDimension, 1, 10, 5);
    for (int k = 0; k < kDimension; ++k) made.x0[static_cast<std::size_t>(k)] = x0 / (k + 1);
    return made;
  }
  double lr_of(int k) const { return (k < TwoTensors::kFirst ? first : second).lr; }
  double decay_of(int k) const { return (k < TwoTensors::kFirst ? first : second).decay; }
};

/// The algorithm's vectors of this rank's workers, in one row each; the other rows stay empty. With `statistics`, the running
/// statistic instead of the parameters.
Matrix run_algorithm(const Problem& problem, bool statistics = false) {
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
    if (statistics) row.push_back(run.x(i)[run.layout().statistics_begin()]);
    else for (int k = 0; k < kDimension; ++k) row.push_back(run.x(i)[TwoTensors::position(k)]);
  }
  return x;
}

// ---- the formulas -------------------------------------------------------------------------------------------------

std::size_t at(int i) { return static_cast<std::size_t>(i); }
Matrix zeros(int rows, int columns) { return Matrix(at(rows), Vector(at(columns))); }

/// g_i(x_i) + decay x_i of every worker.
Matrix gradients(const Problem& problem, const QuadraticsData& data, const Matrix& x) {
  Matrix g = zeros(problem.workers, kDimension);
  for (int i = 0; i < problem.workers; ++i) {
    for (int r = 0; r < kDimension; ++r) {
      double residual = -data.b[at(i * kDimension + r)];
      for (int c = 0; c < kDimension; ++c) residual += data.a[at((i * kDimension + r) * kDimension + c)] * x[at(i)][at(c)];
      for (int c = 0; c < kDimension; ++c) g[at(i)][at(c)] += data.a[at((i * kDimension + r) * kDimension + c)] * residual;
    }
    for (int k = 0; k < kDimension; ++k) g[at(i)][at(k)] += problem.weight_decay * problem.decay_of(k) * x[at(i)][at(k)];
  }
  return g;
}

/// Base rate, two epochs of warm-up from 0 and a decay by ten at epoch 4 if the problem has the schedule.
double rate_of(const Problem& problem, int step) {
  if (problem.schedule == "constant") return problem.lr;
  return problem.lr * std::min(1.0, step / (2.0 * kStepsPerEpoch)) * (step >= 4 * kStepsPerEpoch ? 0.1 : 1);
}
constexpr const char* kWarmUpAndDecay = "warmup:2,decay:4:0.1";

Matrix adjacency(int n, const std::function<bool(int, int)>& is_edge) {
  Matrix a = zeros(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) a[at(i)][at(j)] = is_edge(i, j) || is_edge(j, i) ? 1 : 0;
  return a;
}
Matrix ring(int n) { return adjacency(n, [n](int i, int j) { return j == (i + 1) % n; }); }
Matrix star(int n) { return adjacency(n, [](int i, int j) { return i == 0 && j > 0; }); }
Matrix chain(int n) { return adjacency(n, [](int i, int j) { return j == i + 1; }); }
Matrix binary_tree(int n) { return adjacency(n, [](int i, int j) { return j >= 1 && i == j / 2; }); }
Matrix mirrored_tree(int n) { return adjacency(n, [n](int i, int j) { return n - 1 - j >= 1 && n - 1 - i == (n - 1 - j) / 2; }); }

/// w_ij = 1 / (1 + max(deg_i, deg_j)), the diagonal so that rows sum to 1.
Matrix metropolis_hastings(const Matrix& adjacent) {
  const int n = static_cast<int>(adjacent.size());
  Vector degree(at(n));
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) degree[at(i)] += adjacent[at(i)][at(j)];
  Matrix w = zeros(n, n);
  for (int i = 0; i < n; ++i) {
    w[at(i)][at(i)] = 1;
    for (int j = 0; j < n; ++j) {
      if (adjacent[at(i)][at(j)] == 0) continue;
      w[at(i)][at(j)] = 1 / (1 + std::max(degree[at(i)], degree[at(j)]));
      w[at(i)][at(i)] -= w[at(i)][at(j)];
    }
  }
  return w;
}

Matrix product(const Matrix& w, const Matrix& x) {
  Matrix y = zeros(static_cast<int>(w.size()), static_cast<int>(x[0].size()));
  for (std::size_t i = 0; i < y.size(); ++i)
    for (std::size_t j = 0; j < x.size(); ++j)
      for (std::size_t k = 0; k < x[j].size(); ++k) y[i][k] += w[i][j] * x[j][k];
  return y;
}

/// Hops between all pairs (Floyd-Warshall).
Matrix distances(const Matrix& adjacent) {
  const std::size_t n = adjacent.size();
  Matrix d(n, Vector(n, 1e9));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      if (i == j || adjacent[i][j] != 0) d[i][j] = i == j ? 0 : 1;
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) d[i][j] = std::min(d[i][j], d[i][k] + d[k][j]);
  return d;
}

Matrix start(const Problem& problem) { return Matrix(at(problem.workers), problem.data().x0); }

/// x_i - lr (g_i + beta m_i) with m_i <- beta m_i + g_i, or x_i - lr g_i.
Matrix local_step(const Problem& problem, double rate, const Matrix& x, const Matrix& g, Matrix& m) {
  Matrix half = x;
  for (int i = 0; i < problem.workers; ++i)
    for (int k = 0; k < kDimension; ++k) {
      double& velocity = m[at(i)][at(k)];
      velocity = problem.momentum * velocity + g[at(i)][at(k)];
      half[at(i)][at(k)] -= rate * problem.lr_of(k) * (g[at(i)][at(k)] + problem.momentum * velocity);
    }
  return half;
}

Matrix d_psgd(const Problem& problem, const Matrix& adjacent) {
  const QuadraticsData data = problem.data();
  const Matrix w = metropolis_hastings(adjacent);
  Matrix x = start(problem), m = zeros(problem.workers, kDimension);
  for (int t = 0; t < problem.steps; ++t) x = product(w, local_step(problem, rate_of(problem, t), x, gradients(problem, data, x), m));
  return x;
}

Matrix all_reduce_sgd(const Problem& problem) {
  const QuadraticsData data = problem.data();
  Matrix x = start(problem), m = zeros(problem.workers, kDimension);
  const Matrix average(at(problem.workers), Vector(at(problem.workers), 1.0 / problem.workers));
  for (int t = 0; t < problem.steps; ++t)
    x = local_step(problem, rate_of(problem, t), x, product(average, gradients(problem, data, x)), m);
  return x;
}

Matrix qg_dsgdm_n(const Problem& problem, const Matrix& adjacent) {
  const QuadraticsData data = problem.data();
  const Matrix w = metropolis_hastings(adjacent);
  const double beta = problem.momentum, mu = beta;
  Matrix x = start(problem), m = zeros(problem.workers, kDimension);
  for (int t = 0; t < problem.steps; ++t) {
    const double rate = rate_of(problem, t);
    Matrix kept = m;  // the local step's own momentum is thrown away
    const Matrix next = product(w, local_step(problem, rate, x, gradients(problem, data, x), kept));
    for (int i = 0; i < problem.workers; ++i)
      for (int k = 0; k < kDimension; ++k)
        m[at(i)][at(k)] = mu * m[at(i)][at(k)] +
                          (1 - mu) * (x[at(i)][at(k)] - next[at(i)][at(k)]) / std::max(rate * problem.lr_of(k), 1e-8);
    x = next;
  }
  return x;
}

/// x_i at t + 1 = 1/n sum_j h_j at t + 1 - max(1, distance), x^0 where that is before the first step.
Matrix relaysgd(const Problem& problem, const std::vector<Matrix>& trees) {
  const QuadraticsData data = problem.data();
  std::vector<Matrix> distance;
  for (const Matrix& tree : trees) distance.push_back(distances(tree));
  const Matrix x0 = start(problem);
  Matrix x = x0, m = zeros(problem.workers, kDimension);
  std::vector<Matrix> half;
  for (int t = 0; t < problem.steps; ++t) {
    half.push_back(local_step(problem, rate_of(problem, t), x, gradients(problem, data, x), m));
    for (int i = 0; i < problem.workers; ++i)
      for (int k = 0; k < kDimension; ++k) {
        const Matrix& hops = distance[at(static_cast<int>(TwoTensors::position(k)) % static_cast<int>(trees.size()))];
        double sum = 0;
        for (int j = 0; j < problem.workers; ++j) {
          const int sent = t + 1 - std::max(1, static_cast<int>(hops[at(i)][at(j)]));
          sum += sent >= 0 ? half[at(sent)][at(j)][at(k)] : x0[at(j)][at(k)];
        }
        x[at(i)][at(k)] = sum / problem.workers;
      }
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

/// s_i + (b_i[0] - s_i) / 10 each step, mixed by w afterwards.
Matrix statistics(const Problem& problem, const Matrix& w) {
  const QuadraticsData data = problem.data();
  Matrix s(at(problem.workers), Vector{TwoTensors::kFirstStatistic});
  for (int t = 0; t < problem.steps; ++t) {
    for (int i = 0; i < problem.workers; ++i) s[at(i)][0] += 0.1 * (data.b[at(i * kDimension)] - s[at(i)][0]);
    s = product(w, s);
  }
  return s;
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
    expect_equal(run_algorithm(problem, true), Matrix(8, Vector{TwoTensors::kFirstStatistic}), fmt::format("frozen, {}", algorithm));
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
