// The fixed-order all-reduce with vectors on a device against one process, bit for bit.
// ranks: 1 2 3
#include "comm/all_reduce/all_reduce.h"

#include "comm/exchange/cuda_mpi_test_main.h"
#include "comm/scheme_test_vectors.h"
#include "kernels/base/device_arrays.h"
#include "kernels/base/queue.h"

namespace skewbench::all_reduce {
namespace {

TEST(AllReduceCuda, EqualsTheOneProcessReferenceToTheBit) {
  NEEDS_DEVICE();
  device::Queue queue;
  const Memory memory(queue);
  const exchange::Communicator& communicator = *exchange::test_communicator();
  const auto transport = exchange::make_transport(communicator, memory, "mpi");
  for (const int workers : {3, 8}) {
    for (const int64_t count : {1, 16, 333}) {  // fewer elements than workers, and tails
      const exchange::Placement placement(workers, communicator.size(), communicator.rank());
      exchange::Meter meter;
      AllReduce<float> all_reduce(*transport, placement, meter, count);
      const auto x = random_vectors<float>(workers, count, count);
      DeviceVectors vectors(memory, placement, count);
      for (int i = placement.first(); i < placement.last(); ++i) vectors.set(i, x[static_cast<std::size_t>(i)]);
      std::vector<double> weight;
      for (int i = 0; i < workers; ++i) weight.push_back((i + 1.0) / workers);
      const auto want = all_reduce_ref(weight, x);
      for (int repeat = 0; repeat < 2; ++repeat) {
        std::vector<float> got(want.size());
        memory.download(got.data(), all_reduce.combine(weight, [&](int i) { return vectors.of(i); }), 4 * count);
        const Comparison same = compare_bits(std::span<const float>(got), std::span<const float>(want));
        ASSERT_TRUE(same.ok) << workers << " workers, " << count << " elements: " << same.summary;
      }
    }
  }
}

}  // namespace
}  // namespace skewbench::all_reduce
