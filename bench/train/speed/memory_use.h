// What the workers of a run take in memory, summed over all ranks.
#pragma once

#include "bench/train/settings.h"
#include "bench/train/tasks/make_task.h"
#include "comm/exchange/mpi_support.h"

namespace skewbench::train {

/// Collective; rank 0 prints. Runs a few steps and an evaluation as the driver does and reads each rank's peak resident
/// set. A process never forgets its peak, so a process measures one case. Returns whether what was computed is right.
bool measure_memory(const Settings& settings, const CaseData& data, double required_gigabytes,
                    const exchange::Communicator& communicator);

}  // namespace skewbench::train
