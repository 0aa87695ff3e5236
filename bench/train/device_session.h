// The device of a rank: which one, refused where it cannot be used, and what the result file says about it.
#pragma once

#include <memory>
#include <string>

#include "bench/train/settings.h"
#include "comm/exchange/mpi_support.h"
#include "kernels/base/queue.h"

namespace skewbench::train {

/// Collective. Makes the GPU with this rank's number on its host (modulo their number) the rank's, and a queue on it with the
/// versions that the settings name; null for --device host. Where a rank's device or the wanted library cannot be used,
/// every rank throws the same sentence. From here on errors of CUDA, NCCL and cuDNN name the rank and the case.
std::unique_ptr<device::Queue> open_device(const Settings& settings, const exchange::Communicator& communicator);

/// What `--kernels vendor` had to launch by hand so far, and why; empty where there is nothing.
std::string describe_by_hand(const device::Queue& queue);

/// "host", or the device's name.
std::string describe_device(const device::Queue* queue);

}  // namespace skewbench::train
