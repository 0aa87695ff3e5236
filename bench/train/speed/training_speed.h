// Whole training steps of all workers on all ranks, with the exchange, and what several workers per rank cost.
#pragma once

#include <cstdint>

#include "comm/exchange/mpi_support.h"

namespace skewbench::train {

struct TrainingSpeedOptions {
  int64_t batch = 32, repetitions = 25;
  int workers_per_rank = 8;  ///< compared with one worker per rank
  bool is_oversubscribed = false;
};

/// Collective, at least two ranks; rank 0 prints. Per network: d_psgd on a ring with one and with several workers per
/// rank, interleaved. Returns whether all was right; what is not prints no speed.
bool measure_training(const TrainingSpeedOptions& options, const exchange::Communicator& communicator);

}  // namespace skewbench::train
