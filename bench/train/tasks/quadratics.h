// One quadratic function a worker, in double: f_i(x) = 1/2 |A_i x - b_i|^2, the task on which algorithms can be checked
// against closed forms and published step counts.
//
// Source: Vogels et al., "RelaySum for Decentralized Deep Learning on Heterogeneous Data", 2021, and its code,
// epfml/relaysgd paper-figures/random_quadratics.py. There f_i has no factor 1/2, but the gradient is the same; so a
// suboptimality of eps there is one of eps/2 here.
#pragma once

#include <string>
#include <vector>

#include "bench/train/tasks/task.h"
#include "partitions/dataset.h"

namespace skewbench::train {

/// The functions of all workers, n of them in d dimensions.
struct QuadraticsData {
  int64_t workers = 0, dimension = 0;
  std::vector<double> a;   ///< [n, d, d], row-major
  std::vector<double> b;   ///< [n, d]
  std::vector<double> x0;  ///< [d], where every worker starts
};

/// Random quadratics as in the source: each A_i has singular values evenly spaced from 1/2 to 1 between two random
/// rotations, the workers' own optima are scattered so that mean_i |grad f_i(x*)|^2 = zeta2, and the common optimum x*
/// lies at distance r0 from x0 = 0. The source searches the scale by bisection until 1e-5; here it is exact up to
/// rounding, as zeta2 grows with the square of the scale. The numbers drawn are this suite's own, not the source's.
///
/// Refuses workers < 1, dimension < 1 or > 1,024, a zeta2 > 0 on one worker (its gradient at its optimum is zero), and a
/// zeta2 or r0 that is negative or not finite.
QuadraticsData random_quadratics(int workers, int64_t dimension, double zeta2, double r0, uint64_t seed);

/// Reads the float64 datasets A [n, d, d], b [n, d] and x0 [d] of an HDF5 file. Throws one sentence for a file that is
/// missing or no HDF5, a dataset that is missing or of another type or shape, and a value that is not finite.
QuadraticsData load_quadratics(const std::string& path);

/// x*, the minimiser of the mean of all f_i, by Cholesky factorisation of sum_i A_i^T A_i, which must be positive definite.
std::vector<double> quadratics_optimum(const QuadraticsData& data);

/// One sample a worker: A_i then b_i, d*d + d doubles. Sample i belongs to worker i, so its partition is {i}. No classes:
/// all labels are 0. The test split is the same, so that evaluating all of it sums the workers' functions.
partitions::Dataset quadratics_dataset(const QuadraticsData& data, const std::string& name, const std::string& source);

class Quadratics : public Task<double> {
 public:
  /// x0 [d] is what initial_parameters() writes, whatever its seed.
  explicit Quadratics(std::vector<double> x0);

  const Layout& layout() const override { return layout_; }
  double flops_per_sample() const override;  ///< 4 d^2: A x and A^T r, a multiplication and an addition each
  bool has_classes() const override { return false; }
  void initial_parameters(uint64_t seed, double* parameters) const override;
  double loss_and_gradient(const double* parameters, const Batch& batch, double* gradient) override;
  Evaluation evaluate(const double* parameters, const Batch& samples) override;

 private:
  double loss(const double* parameters, const double* sample);  ///< leaves A x - b in residual_
  const double* sample(const Batch& batch, int64_t i) const;    ///< A_i, then b_i

  Layout layout_;
  std::vector<double> x0_, residual_;
};

}  // namespace skewbench::train
