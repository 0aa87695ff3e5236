// RelaySum with vectors on a device against all workers in one process, bit for bit.
// ranks: 1 2 3
#include "comm/exchange/cuda_mpi_test_main.h"
#include "comm/relaysum/relaysum.h"
#include "comm/scheme_test_vectors.h"
#include "kernels/base/device_arrays.h"
#include "kernels/base/queue.h"

namespace skewbench::relaysum {
namespace {

struct Case {
  const char* topology;
  int workers;
};
const Case kTrees[] = {{"chain", 5}, {"binary_tree", 7}, {"double_binary_trees", 6}};

TEST(RelaySumCuda, EqualsTheOneProcessReferenceToTheBit) {
  NEEDS_DEVICE();
  device::Queue queue;
  const Memory memory(queue);
  const exchange::Communicator& communicator = *exchange::test_communicator();
  constexpr int64_t kCount = 67;
  for (const Case& example : kTrees) {
    const auto topology = topology::make_topology(example.topology, example.workers);
    const exchange::Placement placement(topology.workers, communicator.size(), communicator.rank());
    exchange::Meter meter;
    exchange::Exchange exchange(exchange::make_transport(communicator, memory, "mpi"), placement, topology, meter);
    StateTable state(placement.first(), placement.last(), memory);
    RelaySum<float> relaysum(exchange, state, kCount);
    RelaySumReference<float> reference(topology);
    const auto initial = random_vector<float>(999, 0, kCount);
    Buffer<float> on_device(memory, kCount);
    memory.upload(on_device.data(), initial.data(), 4 * kCount);
    DeviceVectors value(memory, placement, kCount), average(memory, placement, kCount);
    std::vector<std::vector<float>> want;
    for (int64_t step = 0; step < 6; ++step) {  // more than the diameters: counts become complete
      const auto values = random_vectors<float>(example.workers, step, kCount);
      for (int i = placement.first(); i < placement.last(); ++i) value.set(i, values[static_cast<std::size_t>(i)]);
      relaysum.run(step, [&](int i) { return value.of(i); }, on_device.data(), [&](int i) { return average.of(i); });
      reference.step(values, initial, want);
      average.expect(want, example.topology);
    }
  }
}

}  // namespace
}  // namespace skewbench::relaysum
