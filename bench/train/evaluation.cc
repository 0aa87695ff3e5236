#include "bench/train/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/base/random.h"
#include "kernels/squared_distance/squared_distance.h"
#include "partitions/partition.h"
#include "partitions/sampler.h"

namespace skewbench::train {

namespace {

// The averaged model is evaluated by all ranks, a block of samples each in turn. The block is fixed, so that the sums
// are over the same parts for every number of ranks.
constexpr int64_t kBlock = 500;

std::vector<int32_t> workers_to_evaluate(int workers, int most, uint64_t seed) {
  std::vector<int64_t> order = permutation(workers, Random(seed, 0, 0, Purpose::worker_sample));
  if (workers > most) order.resize(static_cast<std::size_t>(most));
  std::vector<int32_t> chosen(order.begin(), order.end());
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

/// Every entry is non-zero on one rank at most, so the sum over ranks is exact.
void sum_over_ranks(const exchange::Communicator& communicator, std::vector<double>& values) {
  MPI_CALL(MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE, MPI_SUM,
                         communicator.handle()));
}

}  // namespace

std::vector<int64_t> evaluation_steps(double eval_every, int64_t steps_per_epoch, int64_t steps) {
  const double interval = std::max(1.0, eval_every * static_cast<double>(steps_per_epoch));  // in steps
  std::vector<int64_t> at;
  for (int64_t k = 1;; ++k) {
    const double step = std::round(static_cast<double>(k) * interval);
    if (step >= static_cast<double>(steps)) break;
    at.push_back(static_cast<int64_t>(step));
  }
  at.push_back(steps);
  return at;
}

template <class T>
Evaluator<T>::Evaluator(Run<T>& run, const partitions::Dataset& dataset, int64_t samples, int workers)
    : run_(run), dataset_(dataset), evaluated_(workers_to_evaluate(run.workers(), workers, run.hyper().seed)),
      mean_(run.exchange().transport(), run.exchange().placement(), uncounted_, run.layout().size()),
      distances_(run.memory(), run.exchange().placement().local()) {
  const int64_t count = std::min(samples, dataset.test.count);
  std::vector<int64_t> subset(static_cast<std::size_t>(count));  // without classes: simply the first ones
  std::iota(subset.begin(), subset.end(), int64_t{0});
  if (run.task().has_classes())
    subset = partitions::balanced_subset(dataset.test.labels, dataset.classes, count, run.hyper().seed);
  subset_samples_.resize(static_cast<std::size_t>(count * dataset.shape.bytes()));
  partitions::gather(dataset.test, dataset.shape, subset, subset_samples_.data());
  for (const int64_t index : subset) subset_labels_.push_back(dataset.test.labels[static_cast<std::size_t>(index)]);
}

template <class T>
EvaluationNumbers Evaluator<T>::evaluate(bool full) {
  const double start = MPI_Wtime();
  const Batch samples = full ? Batch{dataset_.test.count, dataset_.test.samples.data(), dataset_.test.labels.data(), nullptr}
                             : Batch{std::ssize(subset_labels_), subset_samples_.data(), subset_labels_.data(), nullptr};
  const int n = run_.workers();
  const T* mean = mean_.combine(std::vector<double>(static_cast<std::size_t>(n), 1.0 / n), [&](int i) { return run_.x(i); });
  const auto& communicator = run_.exchange().communicator();

  EvaluationNumbers numbers;
  numbers.evaluated_samples = samples.count;
  double squares = 0;
  for (const double term : exchange::all_gather(communicator, run_.exchange().placement(), uncounted_, consensus_terms(mean)))
    squares += term;
  numbers.consensus_distance = std::sqrt(squares / n);

  const double nan = std::numeric_limits<double>::quiet_NaN();
  const bool has_classes = run_.task().has_classes();
  const double count = static_cast<double>(samples.count);
  for (const Evaluation& evaluation : evaluate_workers(samples)) {
    numbers.loss.push_back(evaluation.loss_sum / count);
    numbers.accuracy.push_back(has_classes ? static_cast<double>(evaluation.correct) / count : nan);
  }
  const Evaluation average = evaluate_in_blocks(mean, samples);
  numbers.loss_of_average = average.loss_sum / count;
  numbers.accuracy_of_average = has_classes ? static_cast<double>(average.correct) / count : nan;
  run_.meter().seconds.evaluation += MPI_Wtime() - start;
  return numbers;
}

/// |x_i - mean|^2 of each local worker.
template <class T>
std::vector<double> Evaluator<T>::consensus_terms(const T* mean) {
  for (int i = run_.first(); i < run_.last(); ++i)  // the gaps are zero in both
    squared_distance::distance<T>(run_.memory(), run_.layout().statistics_begin(), run_.x(i), mean, distances_.data() + i - run_.first());
  std::vector<double> terms(static_cast<std::size_t>(distances_.size()));
  run_.memory().download(terms.data(), distances_.data(), std::ssize(terms) * static_cast<int64_t>(sizeof(double)));
  return terms;
}

/// Whether the vectors of two local workers are equal in every element.
template <class T>
bool Evaluator<T>::are_equal(int one, int other) {
  double distance = 0;
  squared_distance::distance<T>(run_.memory(), run_.layout().size(), run_.x(one), run_.x(other), distances_.data());
  run_.memory().download(&distance, distances_.data(), sizeof distance);
  return distance == 0;
}

/// Each by its own rank. Equal workers have the same result: after an all-reduce one of them is enough.
template <class T>
std::vector<Evaluation> Evaluator<T>::evaluate_workers(const Batch& samples) {
  std::vector<double> loss(evaluated_.size()), correct(evaluated_.size());
  int last = -1;
  Evaluation evaluation;
  for (std::size_t k = 0; k < evaluated_.size(); ++k) {
    const int i = evaluated_[k];
    if (!run_.exchange().placement().hosts(i)) continue;
    if (last < 0 || !are_equal(i, last)) evaluation = run_.task().evaluate(run_.x(i), samples);
    last = i;
    loss[k] = evaluation.loss_sum;
    correct[k] = static_cast<double>(evaluation.correct);
  }
  sum_over_ranks(run_.exchange().communicator(), loss);
  sum_over_ranks(run_.exchange().communicator(), correct);
  std::vector<Evaluation> all;
  for (std::size_t k = 0; k < evaluated_.size(); ++k) all.push_back({loss[k], static_cast<int64_t>(correct[k]), samples.count});
  return all;
}

template <class T>
Evaluation Evaluator<T>::evaluate_in_blocks(const T* parameters, const Batch& samples) {
  const auto& communicator = run_.exchange().communicator();
  const int64_t blocks = (samples.count + kBlock - 1) / kBlock;
  std::vector<double> loss(static_cast<std::size_t>(blocks)), correct(loss.size());
  for (int64_t block = communicator.rank(); block < blocks; block += communicator.size()) {
    const int64_t first = block * kBlock, count = std::min(kBlock, samples.count - first);
    const Evaluation part = run_.task().evaluate(
        parameters, {count, samples.samples + first * dataset_.shape.bytes(), samples.labels + first, nullptr});
    loss[static_cast<std::size_t>(block)] = part.loss_sum;
    correct[static_cast<std::size_t>(block)] = static_cast<double>(part.correct);
  }
  sum_over_ranks(communicator, loss);
  sum_over_ranks(communicator, correct);
  Evaluation sum{0, 0, samples.count};
  for (std::size_t block = 0; block < loss.size(); ++block) {
    sum.loss_sum += loss[block];
    sum.correct += static_cast<int64_t>(correct[block]);
  }
  return sum;
}

template class Evaluator<float>;
template class Evaluator<double>;

}  // namespace skewbench::train
