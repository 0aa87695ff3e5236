// Every transport of device memory: the same parcels arrive, in the order of the queue's work.
// ranks: 1 2 3
#include "comm/exchange/mpi_test_main.h"
#include "comm/exchange/transport_cases.h"
#include "kernels/base/device_arrays.h"
#include "kernels/base/queue.h"

namespace skewbench::exchange {
namespace {

class TransportCuda : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Ways, TransportCuda, testing::Values("mpi", "nccl"));

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
  const bool is_nccl = std::string(GetParam()) == "nccl";
  EXPECT_EQ(name.substr(0, 5), is_nccl ? "NCCL " : "MPI t") << name;
}

}  // namespace
}  // namespace skewbench::exchange
