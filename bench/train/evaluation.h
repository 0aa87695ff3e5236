// Evaluation: every worker's model and the mean of all of them on test samples, the same numbers on every placement.
#pragma once

#include <memory>
#include <vector>

#include "bench/train/run.h"
#include "comm/all_reduce/all_reduce.h"
#include "kernels/base/aligned.h"
#include "partitions/dataset.h"

namespace skewbench::train {

struct EvaluationNumbers {
  int64_t evaluated_samples = 0;
  std::vector<double> loss, accuracy;  ///< per evaluated worker; accuracy is NaN for a task without classes
  double loss_of_average = 0, accuracy_of_average = 0;
  double consensus_distance = 0;       ///< sqrt(1/n sum_i |x_i - mean|^2) over the trainable parameters
};

/// Steps after which the models are evaluated, ascending: every `eval_every` > 0 epochs, at most once a step, and after
/// the last step.
std::vector<int64_t> evaluation_steps(double eval_every, int64_t steps_per_epoch, int64_t steps);

template <class T>
class Evaluator {
 public:
  /// `samples`: how many class-balanced test samples the evaluations in between use; `workers`: how many workers are
  /// evaluated, all if there are no more, otherwise a sample keyed by the seed. The references must outlive it.
  Evaluator(Run<T>& run, const partitions::Dataset& dataset, int64_t samples, int workers);

  const std::vector<int32_t>& evaluated_workers() const { return evaluated_; }

  /// Collective; the result is the same on every rank. full: the whole test set, otherwise the subset. Its
  /// communication is not the algorithm's and is not counted.
  EvaluationNumbers evaluate(bool full);

 private:
  std::vector<double> consensus_terms(const T* mean);
  bool are_equal(int one, int other);
  std::vector<Evaluation> evaluate_workers(const Batch& samples);
  Evaluation evaluate_in_blocks(const T* parameters, const Batch& samples);

  Run<T>& run_;
  const partitions::Dataset& dataset_;
  std::vector<int32_t> evaluated_;
  AlignedVector<std::byte> subset_samples_;
  std::vector<int32_t> subset_labels_;
  exchange::Meter uncounted_;
  all_reduce::AllReduce<T> mean_;
  Buffer<double> distances_;  // [local worker]
};

}  // namespace skewbench::train
