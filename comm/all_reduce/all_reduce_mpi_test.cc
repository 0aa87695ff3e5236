// The fixed-order all-reduce against one process, bit for bit; what is counted against what a reduce-scatter must send.
// ranks: 1 2 3 5 8
// full ranks: 1 2 3 4 5 6 7 8
#include "comm/all_reduce/all_reduce.h"

#include <gtest/gtest.h>

#include "comm/exchange/mpi_test_main.h"
#include "comm/scheme_test_vectors.h"
#include "kernels/base/compare.h"

namespace skewbench::all_reduce {
namespace {

template <class T>
void expect_same_bits() {
  const exchange::Communicator& communicator = *exchange::test_communicator();
  const auto transport = exchange::make_mpi_transport(communicator, Memory());
  for (const int workers : {8, 13, 32}) {
    for (const int64_t count : {1, 15, 16, 100, 1037, 5000}) {  // fewer elements than workers, and tails
      const exchange::Placement placement(workers, communicator.size(), communicator.rank());
      exchange::Meter meter;
      AllReduce<T> all_reduce(*transport, placement, meter, count);
      const auto x = random_vectors<T>(workers, count, count);
      std::vector<double> weight;
      for (int i = 0; i < workers; ++i) weight.push_back((i + 1.0) / workers);
      const auto want = all_reduce_ref(weight, x);
      for (int repeat = 0; repeat < 2; ++repeat) {
        const T* got = all_reduce.combine(weight, [&](int i) { return x[static_cast<std::size_t>(i)].data(); });
        const Comparison same = compare_bits(std::span<const T>(got, static_cast<std::size_t>(count)), std::span<const T>(want));
        ASSERT_TRUE(same.ok) << workers << " workers, " << count << " elements: " << same.summary;
      }
    }
  }
}

TEST(AllReduce, FloatEqualsTheOneProcessReferenceToTheBit) { expect_same_bits<float>(); }
TEST(AllReduce, DoubleEqualsTheOneProcessReferenceToTheBit) { expect_same_bits<double>(); }

TEST(AllReduce, AWorkerSendsTwiceItsVectorLessItsOwnSlices) {
  const exchange::Communicator& communicator = *exchange::test_communicator();
  const int n = 8;
  const int64_t count = 16 * n * 3;  // equal slices
  const exchange::Placement placement(n, communicator.size(), communicator.rank());
  exchange::Meter meter;
  const auto transport = exchange::make_mpi_transport(communicator, Memory());
  AllReduce<float> all_reduce(*transport, placement, meter, count);
  const std::vector<float> x(static_cast<std::size_t>(count), 1.0f);
  all_reduce.combine(std::vector<double>(n, 0.125), [&](int) { return x.data(); });
  int64_t wire = 0;
  for (int i = placement.first(); i < placement.last(); ++i) {
    EXPECT_EQ(meter.ledger.sent_by(i).payload, 2 * (n - 1) * count * 4 / n);
    wire += meter.ledger.sent_by(i).wire;
  }
  // Phase 1: every local vector but this rank's slice of it; phase 2: this rank's slice to every other rank.
  const int64_t own = count / n * placement.local();
  EXPECT_EQ(wire, 4 * (placement.local() * (count - own) + (placement.ranks() - 1) * own));
}

}  // namespace
}  // namespace skewbench::all_reduce
