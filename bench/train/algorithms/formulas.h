// The update rules of the algorithms as their papers state them: explicit matrices, plain loops, all workers in one place,
// quadratics in double. Nothing here shares code with the algorithms or their schemes; RelaySum is stated by distances in
// the tree instead of messages. Included by tests only.
//
// Lian et al. 2017 (D-PSGD), Lin et al. 2021 (QG-DSGDm-N), Vogels et al. 2021 (RelaySGD).
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "bench/train/tasks/quadratics.h"

namespace skewbench::train::formulas {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;  // [worker][element], or [worker][worker]

inline constexpr int kDimension = 10, kFirstTensor = 7, kStepsPerEpoch = 4;
inline constexpr double kFirstStatistic = 4;

/// Where element k lies in the flat vector: two tensors, each at a multiple of 16 elements.
inline int64_t position(int k) { return k < kFirstTensor ? k : Layout::kTensorAlignment + k - kFirstTensor; }

struct Multipliers {
  double lr = 1, decay = 1;
};

/// What an algorithm is run on: random quadratics with optima that differ between workers.
struct Problem {
  int workers = 8;
  std::string algorithm, topology;
  double lr = 0.05, momentum = 0.9, weight_decay = 0;
  std::string schedule = "constant";
  Multipliers first{}, second{};  ///< of the two tensors
  double x0 = 0;  ///< every worker starts at (x0, x0 / 2, x0 / 3, ...)
  int steps = 24;
  bool mix_statistics = false, freeze_statistics = false;

  QuadraticsData data() const {
    QuadraticsData made = random_quadratics(workers, kDimension, 1, 10, 5);
    for (int k = 0; k < kDimension; ++k) made.x0[static_cast<std::size_t>(k)] = x0 / (k + 1);
    return made;
  }
  double lr_of(int k) const { return (k < kFirstTensor ? first : second).lr; }
  double decay_of(int k) const { return (k < kFirstTensor ? first : second).decay; }
};

inline std::size_t at(int i) { return static_cast<std::size_t>(i); }
inline Matrix zeros(int rows, int columns) { return Matrix(at(rows), Vector(at(columns))); }

/// g_i(x_i) + decay x_i of every worker.
inline Matrix gradients(const Problem& problem, const QuadraticsData& data, const Matrix& x) {
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
inline double rate_of(const Problem& problem, int step) {
  if (problem.schedule == "constant") return problem.lr;
  return problem.lr * std::min(1.0, step / (2.0 * kStepsPerEpoch)) * (step >= 4 * kStepsPerEpoch ? 0.1 : 1);
}
inline constexpr const char* kWarmUpAndDecay = "warmup:2,decay:4:0.1";

inline Matrix adjacency(int n, const std::function<bool(int, int)>& is_edge) {
  Matrix a = zeros(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) a[at(i)][at(j)] = is_edge(i, j) || is_edge(j, i) ? 1 : 0;
  return a;
}
inline Matrix ring(int n) { return adjacency(n, [n](int i, int j) { return j == (i + 1) % n; }); }
inline Matrix star(int n) { return adjacency(n, [](int i, int j) { return i == 0 && j > 0; }); }
inline Matrix chain(int n) { return adjacency(n, [](int i, int j) { return j == i + 1; }); }
inline Matrix binary_tree(int n) { return adjacency(n, [](int i, int j) { return j >= 1 && i == j / 2; }); }
inline Matrix mirrored_tree(int n) { return adjacency(n, [n](int i, int j) { return n - 1 - j >= 1 && n - 1 - i == (n - 1 - j) / 2; }); }

/// w_ij = 1 / (1 + max(deg_i, deg_j)), the diagonal so that rows sum to 1.
inline Matrix metropolis_hastings(const Matrix& adjacent) {
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

inline Matrix product(const Matrix& w, const Matrix& x) {
  Matrix y = zeros(static_cast<int>(w.size()), static_cast<int>(x[0].size()));
  for (std::size_t i = 0; i < y.size(); ++i)
    for (std::size_t j = 0; j < x.size(); ++j)
      for (std::size_t k = 0; k < x[j].size(); ++k) y[i][k] += w[i][j] * x[j][k];
  return y;
}

/// Hops between all pairs (Floyd-Warshall).
inline Matrix distances(const Matrix& adjacent) {
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

inline Matrix start(const Problem& problem) { return Matrix(at(problem.workers), problem.data().x0); }

/// x_i - lr (g_i + beta m_i) with m_i <- beta m_i + g_i, or x_i - lr g_i.
inline Matrix local_step(const Problem& problem, double rate, const Matrix& x, const Matrix& g, Matrix& m) {
  Matrix half = x;
  for (int i = 0; i < problem.workers; ++i)
    for (int k = 0; k < kDimension; ++k) {
      double& velocity = m[at(i)][at(k)];
      velocity = problem.momentum * velocity + g[at(i)][at(k)];
      half[at(i)][at(k)] -= rate * problem.lr_of(k) * (g[at(i)][at(k)] + problem.momentum * velocity);
    }
  return half;
}

inline Matrix d_psgd(const Problem& problem, const Matrix& adjacent) {
  const QuadraticsData data = problem.data();
  const Matrix w = metropolis_hastings(adjacent);
  Matrix x = start(problem), m = zeros(problem.workers, kDimension);
  for (int t = 0; t < problem.steps; ++t) x = product(w, local_step(problem, rate_of(problem, t), x, gradients(problem, data, x), m));
  return x;
}

inline Matrix all_reduce_sgd(const Problem& problem) {
  const QuadraticsData data = problem.data();
  Matrix x = start(problem), m = zeros(problem.workers, kDimension);
  const Matrix average(at(problem.workers), Vector(at(problem.workers), 1.0 / problem.workers));
  for (int t = 0; t < problem.steps; ++t)
    x = local_step(problem, rate_of(problem, t), x, product(average, gradients(problem, data, x)), m);
  return x;
}

inline Matrix qg_dsgdm_n(const Problem& problem, const Matrix& adjacent) {
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
inline Matrix relaysgd(const Problem& problem, const std::vector<Matrix>& trees) {
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
        const Matrix& hops = distance[at(static_cast<int>(position(k)) % static_cast<int>(trees.size()))];
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

/// s_i + (b_i[0] - s_i) / 10 each step, mixed by w afterwards.
inline Matrix statistics(const Problem& problem, const Matrix& w) {
  const QuadraticsData data = problem.data();
  Matrix s(at(problem.workers), Vector{kFirstStatistic});
  for (int t = 0; t < problem.steps; ++t) {
    for (int i = 0; i < problem.workers; ++i) s[at(i)][0] += 0.1 * (data.b[at(i * kDimension)] - s[at(i)][0]);
    s = product(w, s);
  }
  return s;
}

}  // namespace skewbench::train::formulas
