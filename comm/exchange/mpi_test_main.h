// main() of a *_mpi_test.cc: runs its tests on every rank of an mpirun; rank 0 prints. A test fails if it failed on any
// rank, and says on which.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>

#include "comm/exchange/mpi_support.h"

namespace skewbench::exchange {

/// The communicator of the tests; each test may make its own duplicates of it.
inline Communicator*& test_communicator() {
  static Communicator* communicator = nullptr;
  return communicator;
}

class RankListener : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (result.failed() && test_communicator()->rank() != 0)
      std::fprintf(stderr, "rank %d: %s:%d: %s\n", test_communicator()->rank(), result.file_name(), result.line_number(),
                   result.summary());
  }
  void OnTestEnd(const testing::TestInfo& info) override {
    const int failed = info.result()->Failed() ? 1 : 0;
    int failed_ranks = 0;
    MPI_Allreduce(&failed, &failed_ranks, 1, MPI_INT, MPI_SUM, test_communicator()->handle());
    EXPECT_EQ(failed_ranks, 0) << "ranks failed in " << info.name();
  }
};

}  // namespace skewbench::exchange

int main(int argc, char** argv) {
  using namespace skewbench::exchange;
  testing::InitGoogleTest(&argc, argv);
  try {
    const MpiSession session(&argc, &argv);
    Communicator communicator;
    test_communicator() = &communicator;
    testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
    if (communicator.rank() != 0) {
      delete listeners.Release(listeners.default_result_printer());
      testing::GTEST_FLAG(output) = "";  // one report a program
    }
    listeners.Append(new RankListener);
    return RUN_ALL_TESTS();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
