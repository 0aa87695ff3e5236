// main() of a *_cuda_mpi_test.cc: every rank has the GPU with its number on its host, modulo their number, as in training. NCCL
// connects no two ranks that share one.
#pragma once

#include "comm/exchange/mpi_test_main.h"
#include "kernels/base/device.h"

namespace skewbench::exchange {

/// Collective.
inline void select_device_of_rank() {
  const int local = rank_on_host(*test_communicator());
  if (device::why_unusable().empty()) device::select(local);
}

class DeviceOfRank : public testing::Environment {
  void SetUp() override { select_device_of_rank(); }
};
inline const testing::Environment* const device_of_rank = testing::AddGlobalTestEnvironment(new DeviceOfRank);

}  // namespace skewbench::exchange
