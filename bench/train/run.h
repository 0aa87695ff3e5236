// What an algorithm sees of a run: its workers, their vectors and samples, the task, the exchange, the step.
//
// Vectors lie in memory(), which may be a device's: an algorithm works on them by the methods here and by the schemes, never
// element by element. On a device these enqueue and go on; the run waits where a result is asked for.
#pragma once

#include <cmath>
#include <deque>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "bench/train/data_feed.h"
#include "bench/train/tasks/task.h"
#include "comm/exchange/all_gather.h"
#include "comm/exchange/exchange.h"
#include "kernels/base/aligned.h"
#include "kernels/base/state.h"
#include "kernels/mix/mix_in_memory.h"
#include "kernels/sgd/sgd_in_memory.h"

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
  /// Sets every local worker's vector to the task's initial one. The references must outlive the run; task, state and
  /// exchange have their vectors in one memory.
  Run(Task<T>& task, exchange::Exchange& exchange, StateTable& state, DataFeed& feed, const Hyperparameters& hyper)
      : hyper_(hyper), task_(task), exchange_(exchange), state_(state), feed_(feed), layout_(task.layout()),
        stepper_(memory(), layout_), initial_(memory(), layout_.size()), gradient_(memory(), layout_.size()),
        loss_sum_(static_cast<std::size_t>(exchange.placement().local())) {
    x_ = state.declare_worker("x", scalar_type<T>(), layout_.size());
    AlignedVector<T> start(static_cast<std::size_t>(layout_.size()));
    task.initial_parameters(hyper.seed, start.data());
    memory().upload(initial_.data(), start.data(), layout_.size() * static_cast<int64_t>(sizeof(T)));
    for (int i = first(); i < last(); ++i) copy(initial_.data(), x(i), layout_.size());
  }

  int workers() const { return exchange_.placement().workers(); }
  int first() const { return exchange_.placement().first(); }  ///< local workers: first() .. last() - 1
  int last() const { return exchange_.placement().last(); }
  /// The local workers of this step whose messages leave the rank, or those whose messages stay, ascending. An algorithm
  /// that takes the first ones first may compute the others while messages are under way.
  std::vector<int> local(bool those_that_cross) const {
    std::vector<int> chosen;
    for (int i = first(); i < last(); ++i)
      if (exchange_.crosses(step_, i) == those_that_cross) chosen.push_back(i);
    return chosen;
  }
  const Hyperparameters& hyper() const { return hyper_; }
  const Layout& layout() const { return layout_; }
  Task<T>& task() { return task_; }
  exchange::Exchange& exchange() { return exchange_; }
  exchange::Meter& meter() { return exchange_.meter(); }
  StateTable& state() { return state_; }
  Memory memory() const { return task_.memory(); }
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
    exchange_.progress();
    const Batch& batch = draw(worker, count);
    const Timed timed(meter().seconds.compute);
    task_.enqueue_gradient(parameters, batch, gradient, losses_under_way_.emplace_back(worker, 0.0).second);
    if (!memory().on_device() || losses_under_way_.size() >= kMostLossesUnderWay) settle();
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
    if (hyper_.plain_loops && !memory().on_device()) sgd::step_ref<T>(layout_, options, parameters, gradient, momentum, out, update_momentum);
    else stepper_.step(options, parameters, gradient, momentum, out, update_momentum);
  }

  /// out[e] = w_0 x_0[e], then fma(w_k, x_k[e], out[e]) in the given order, for `count` elements; out may be one of the x_k.
  struct Term {
    T weight;
    const T* x;
  };
  void combine(std::initializer_list<Term> terms, int64_t count, T* out) {
    std::vector<mix::Input<T>> inputs;
    for (const Term& term : terms) inputs.push_back({term.x, 1, term.weight});
    mix::mix<T>(memory(), inputs, count, out, 1);
  }

  void copy(const T* from, T* to, int64_t count) { memory().copy(to, from, count * static_cast<int64_t>(sizeof(T))); }

  /// Copies what is not exchanged (local running statistics) from one vector of a worker to another.
  void copy_unexchanged(const T* from, T* to) { copy(from + exchanged(), to + exchanged(), layout_.size() - exchanged()); }

  /// One record per local worker, ascending -> one per worker, on every rank.
  template <class Record>
  std::vector<Record> all_gather(const std::vector<Record>& local) {
    const Timed timed(meter().seconds.exchange);
    return exchange::all_gather(exchange_.communicator(), exchange_.placement(), meter(), local);
  }

  // For the run loop.
  void set_step(int64_t step, double lr) { step_ = step, lr_ = lr; }
  bool diverged() {
    settle();
    return diverged_;
  }
  std::vector<double> take_losses() {  ///< [local worker], sums since the last call
    settle();
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

  /// Records the losses that a device was still at.
  void settle() {
    const Timed timed(meter().seconds.compute);
    task_.settle();
    for (const auto& [worker, loss] : losses_under_way_) record_loss(worker, loss);
    losses_under_way_.clear();
  }

  static constexpr std::size_t kMostLossesUnderWay = 1024;
  const Hyperparameters hyper_;
  Task<T>& task_;
  exchange::Exchange& exchange_;
  StateTable& state_;
  DataFeed& feed_;
  const Layout& layout_;
  sgd::Stepper<T> stepper_;
  int x_ = 0;
  Buffer<T> initial_, gradient_;
  std::deque<std::pair<int, double>> losses_under_way_;  // worker, loss; a deque, for the losses must stay where they are
  std::vector<double> loss_sum_;
  int64_t step_ = 0;
  double lr_ = 0;
  bool diverged_ = false;
};

}  // namespace skewbench::train
