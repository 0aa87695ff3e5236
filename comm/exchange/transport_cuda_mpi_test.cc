// Every transport of device memory: the same parcels arrive, in the order of the queue's work.
// ranks: 1 2 3
#include "comm/exchange/cuda_mpi_test_main.h"
#include "comm/exchange/transport_cases.h"
#include "kernels/base/device_arrays.h"
#include "kernels/base/queue.h"

namespace skewbench::exchange {
namespace {

class TransportCuda : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Ways, TransportCuda, testing::Values("mpi", "staged", "nccl"));

#define NEEDS_WAY(memory)                                                                                          \
  if (const std::string obstacle_ = std::string(GetParam()) == "nccl" ? why_no_nccl(*test_communicator(), memory) : ""; !obstacle_.empty()) \
  GTEST_SKIP() << obstacle_

TEST_P(TransportCuda, ParcelsArrive) {
  NEEDS_DEVICE();
  device::Queue queue;
  NEEDS_WAY(Memory(queue));
  transport_cases::expect_parcels_arrive(*make_transport(*test_communicator(), Memory(queue), GetParam()));
}

TEST_P(TransportCuda, VectorsMayChangeAfterTheEnd) {
  NEEDS_DEVICE();
  device::Queue queue;
  NEEDS_WAY(Memory(queue));
  transport_cases::expect_vectors_may_change_after_the_end(*make_transport(*test_communicator(), Memory(queue), GetParam()));
}

TEST_P(TransportCuda, ItsNameSaysHowVectorsTravel) {
  NEEDS_DEVICE();
  device::Queue queue;
  NEEDS_WAY(Memory(queue));
  const std::string name = make_transport(*test_communicator(), Memory(queue), GetParam())->name();
  const std::string way = GetParam();
  const bool is_read = mpi_reads_device_memory() && !device::properties().is_on_cpu;
  EXPECT_TRUE(name.starts_with(way == "nccl" ? "NCCL " : way == "mpi" && is_read ? "MPI from device memory" : "MPI through page-locked copies")) << name;
}

}  // namespace
}  // namespace skewbench::exchange
