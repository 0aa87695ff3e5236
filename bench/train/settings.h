// The options as a run needs them: parsed and checked, without touching a file.
#pragma once

#include <string>

#include "bench/train/learning_rate.h"
#include "bench/train/models/architecture.h"
#include "bench/train/options.h"
#include "bench/train/run.h"
#include "comm/topology/topology.h"
#include "kernels/base/queue.h"

namespace skewbench::train {

struct Settings {
  Options options;
  std::string case_string;
  bool is_quadratics = false;
  Norm norm = Norm::group;
  int64_t groups = 2;
  int workers = 16;
  topology::Topology topology;
  LearningRate learning_rate;
  Hyperparameters hyper;
  bool on_device = false;
  device::Choice kernels{};  ///< on a device
  double epochs = 3, eval_every = 1;
  int64_t eval_samples = 2000;
  int eval_workers = 64;
  partitions::Augmentation augmentation;
  bool trajectory = false;
};

/// Refuses what cannot be run, in one sentence: unknown names, impossible combinations, zero or negative sizes. What
/// only the data can tell (a batch larger than a share) is refused when they are loaded.
Settings check_options(Options options);

}  // namespace skewbench::train
