// The workers of one run, as the driver has them: everything that a step needs.
#pragma once

#include <memory>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/settings.h"

namespace skewbench::train {

class Workers {
 public:
  /// Collective. The references must outlive it.
  Workers(const Settings& settings, const partitions::Dataset& dataset, const partitions::Partition& partition,
          Task<float>& task, const exchange::Communicator& communicator)
      : settings_(settings), placement_(settings.workers, communicator.size(), communicator.rank()),
        state_(placement_.first(), placement_.last()), exchange_(communicator, placement_, settings.topology, meter_),
        feed_(dataset, partition, placement_.first(), placement_.last(), settings.hyper.seed, settings.augmentation,
              task.changes_images()),
        run_(task, exchange_, state_, feed_, settings.hyper),
        algorithm_(find_algorithm<float>(settings.options.text("algorithm"))(run_)) {}

  void step() {
    run_.set_step(step_++, settings_.learning_rate.at(0));
    algorithm_->step(run_);
  }

  /// Whether every loss so far and every parameter of this rank's workers is finite.
  bool is_finite() {
    bool finite = !run_.diverged();
    for (int i = run_.first(); i < run_.last(); ++i)
      for (int64_t e = 0; e < run_.layout().size(); ++e) finite &= std::isfinite(run_.x(i)[e]);
    return finite;
  }

  Run<float>& run() { return run_; }

 private:
  const Settings& settings_;
  const exchange::Placement placement_;
  exchange::Meter meter_;
  StateTable state_;
  exchange::Exchange exchange_;
  DataFeed feed_;
  Run<float> run_;
  std::unique_ptr<Algorithm<float>> algorithm_;
  int64_t step_ = 0;
};

}  // namespace skewbench::train
