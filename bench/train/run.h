// What an algorithm sees of a run: its workers, their vectors and samples, the task, the exchange, the step.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "bench/train/data_feed.h"
#include "bench/train/tasks/task.h"
#include "comm/exchange/all_gather.h"
#include "comm/exchange/exchange.h"
#include "kernels/base/state.h"
#include "kernels/sgd/sgd.h"

namespace skewbench::train {

/// The hyperparameters of all algorithms. An algorithm's own come with it.
struct Hyperparameters {
  double momentum = 0.9, weight_decay = 0;
  int64_t batch = 32;
  bool mix_statistics = false;    ///< running statistics are exchanged like parameters
  bool freeze_statistics = false;
  bool plain_loops = false;       ///< --kernels ref: the optimiser's reference too
  uint64_t seed = 1;
};

template <class T>
class Run {
 public:
  /// Sets every local worker's vector to the task's initial one. The references must outlive the run.
  Run(Task<T>& task, exchange::Exchange& exchange, StateTable& state, DataFeed& feed, const Hyperparameters& hyper)
      : hyper_(hyper), task_(task), exchange_(exchange), state_(state), feed_(feed), layout_(task.layout()),
        initial_(static_cast<std::size_t>(layout_.size())), gradient_(initial_.size()),
        loss_sum_(static_cast<std::size_t>(exchange.placement().local())) {
    x_ = state.declare_worker("x", scalar_type<T>(), layout_.size());
    task.initial_parameters(hyper.seed, initial_.data());
    for (int i = first(); i < last(); ++i) std::copy(initial_.begin(), initial_.end(), x(i));
  }

  int workers() const { return exchange_.placement().workers(); }
  int first() const { return exchange_.placement().first(); }  ///< local workers: first() .. last() - 1
  int last() const { return exchange_.placement().last(); }
  const Hyperparameters& hyper() const { return hyper_; }
  const Layout& layout() const { return layout_; }
  Task<T>& task() { return task_; }
  exchange::Exchange& exchange() { return exchange_; }
  exchange::Meter& meter() { return exchange_.meter(); }
  StateTable& state() { return state_; }
  DataFeed& feed() { return feed_; }

  int64_t step() const { return step_; }
  double lr() const { return lr_; }  ///< of this step; 0 in the first step of a warm-up

  /// Elements that are exchanged: a prefix of the flat vector, without the running statistics unless they are mixed.
  int64_t exchanged() const { return hyper_.mix_statistics ? layout_.size() : layout_.statistics_begin(); }

  T* x(int worker) { return state_.worker<T>(x_, worker).data(); }
  const T* initial() const { return initial_.data(); }
  T* gradient() { return gradient_.data(); }  ///< scratch of the rank, one vector

  /// The worker's next `count` training samples (the batch size if 0), valid until its next draw.
  const Batch& draw(int worker, int64_t count = 0) { return feed_.draw(worker, count > 0 ? count : hyper_.batch); }

  /// Draws a batch, writes the gradient at `parameters` and records the training loss.
  void train(int worker, const T* parameters, T* gradient, int64_t count = 0) {
    const Batch& batch = draw(worker, count);
    record_loss(worker, loss_and_gradient(parameters, batch, gradient));
  }

  double loss_and_gradient(const T* parameters, const Batch& batch, T* gradient) {
    const Timed timed(meter().seconds.compute);
    return task_.loss_and_gradient(parameters, batch, gradient);
  }

  void record_loss(int worker, double loss) {
    loss_sum_[static_cast<std::size_t>(worker - first())] += loss;
    diverged_ |= !std::isfinite(loss);
  }

  /// One (Nesterov) SGD step of the run's hyperparameters; see kernels/sgd/sgd.h.
  void sgd_step(const T* parameters, const T* gradient, T* momentum, T* out, bool update_momentum = true) {
    const Timed timed(meter().seconds.compute);
    const sgd::Options options{.lr = lr_, .momentum = hyper_.momentum, .weight_decay = hyper_.weight_decay,
                               .frozen_statistics = hyper_.freeze_statistics};
    const auto step = hyper_.plain_loops ? sgd::step_ref<T> : sgd::step_host<T>;
    step(layout_, options, parameters, gradient, momentum, out, update_momentum);
  }

  /// Copies what is not exchanged (local running statistics) from one vector of a worker to another.
  void copy_unexchanged(const T* from, T* to) {
    std::copy(from + exchanged(), from + layout_.size(), to + exchanged());
  }

  /// One record per local worker, ascending -> one per worker, on every rank.
  template <class Record>
  std::vector<Record> all_gather(const std::vector<Record>& local) {
    const Timed timed(meter().seconds.exchange);
    return exchange::all_gather(exchange_.communicator(), exchange_.placement(), meter(), local);
  }

  // For the run loop.
  void set_step(int64_t step, double lr) { step_ = step, lr_ = lr; }
  bool diverged() const { return diverged_; }
  std::vector<double> take_losses() {  ///< [local worker], sums since the last call
    return std::exchange(loss_sum_, std::vector<double>(loss_sum_.size()));
  }

 private:
  class Timed {  // adds the time of a scope to a phase
   public:
    explicit Timed(double& seconds) : seconds_(seconds), start_(MPI_Wtime()) {}
    ~Timed() { seconds_ += MPI_Wtime() - start_; }

   private:
    double& seconds_;
    double start_;
  };

  const Hyperparameters hyper_;
  Task<T>& task_;
  exchange::Exchange& exchange_;
  StateTable& state_;
  DataFeed& feed_;
  const Layout& layout_;
  int x_ = 0;
  AlignedVector<T> initial_, gradient_;
  std::vector<double> loss_sum_;
  int64_t step_ = 0;
  double lr_ = 0;
  bool diverged_ = false;
};

}  // namespace skewbench::train
