// The transport of host memory, and what is refused.
// ranks: 1 2 3
#include "comm/exchange/transport.h"

#include "comm/exchange/mpi_test_main.h"
#include "comm/exchange/transport_cases.h"

namespace skewbench::exchange {
namespace {

TEST(Transport, ParcelsArrive) { transport_cases::expect_parcels_arrive(*make_mpi_transport(*test_communicator(), Memory())); }

TEST(Transport, VectorsMayChangeAfterTheEnd) {
  transport_cases::expect_vectors_may_change_after_the_end(*make_mpi_transport(*test_communicator(), Memory()));
}

TEST(Transport, ARoundUnderWayIsNotBegunAgain) {
  if (test_communicator()->size() == 1) GTEST_SKIP() << "one rank has nothing under way";
  const auto transport = make_mpi_transport(*test_communicator(), Memory());
  const int other = (test_communicator()->rank() + 1) % test_communicator()->size();
  const int before = (test_communicator()->rank() + test_communicator()->size() - 1) % test_communicator()->size();
  int32_t mine = 1, theirs = 0;
  transport->begin({{other, &mine, 4}}, {{before, &theirs, 4}});
  EXPECT_THROW(transport->begin({}, {}), Error);
  transport->end();
  EXPECT_EQ(theirs, 1);
}

TEST(Transport, HostMemoryTravelsByMpiAlone) {
  EXPECT_EQ(make_transport(*test_communicator(), Memory(), "auto")->name(), "MPI");
  EXPECT_EQ(make_transport(*test_communicator(), Memory(), "mpi")->name(), "MPI");
  EXPECT_NE(why_no_nccl(*test_communicator(), Memory()), "");
}

TEST(Transport, NcclWantsAGpuForEachRank) {
  EXPECT_EQ(why_gpus_do_not_fit_nccl({"GPU 0a of one", "GPU 0b of one", "GPU 0a of two"}), "");
  EXPECT_EQ(why_gpus_do_not_fit_nccl({"GPU 0a of one", "GPU 0b of one", "GPU 0a of one", "GPU 0b of one"}),
            "NCCL wants a GPU for each rank, but ranks 0 and 2 share GPU 0a of one: start at most as many ranks as GPUs, or use --exchange mpi");
}

}  // namespace
}  // namespace skewbench::exchange
