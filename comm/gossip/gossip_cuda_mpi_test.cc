// Gossip with vectors on a device against all workers in one process, bit for bit, lanes and changing graphs included.
// ranks: 1 2 3
#include "comm/exchange/cuda_mpi_test_main.h"
#include "comm/gossip/gossip.h"
#include "comm/scheme_test_vectors.h"
#include "kernels/base/device_arrays.h"
#include "kernels/base/queue.h"

namespace skewbench::gossip {
namespace {

struct Case {
  const char* topology;
  int workers;
};
const Case kCases[] = {{"ring", 7}, {"star", 5}, {"double_binary_trees", 6}, {"exponential_one_peer", 8}};

TEST(GossipCuda, EqualsTheOneProcessReferenceToTheBit) {
  NEEDS_DEVICE();
  device::Queue queue;
  const Memory memory(queue);
  const exchange::Communicator& communicator = *exchange::test_communicator();
  constexpr int64_t kCount = 101;
  for (const Case& example : kCases) {
    const auto topology = topology::make_topology(example.topology, example.workers);
    const exchange::Placement placement(topology.workers, communicator.size(), communicator.rank());
    exchange::Meter meter;
    exchange::Exchange exchange(exchange::make_transport(communicator, memory, "mpi"), placement, topology, meter);
    Gossip<float> gossip(exchange, kCount);
    DeviceVectors x(memory, placement, kCount), next(memory, placement, kCount);
    auto want = random_vectors<float>(example.workers, 0, kCount), mixed = want;
    for (int i = placement.first(); i < placement.last(); ++i) {
      // Workers whose messages stay may still be at it when the round begins.
      if (exchange.crosses(0, i)) x.set(i, want[static_cast<std::size_t>(i)]);
    }
    const auto of_x = [&](int i) { return x.of(i); };
    const auto of_next = [&](int i) { return next.of(i); };
    gossip.begin(0, of_x);
    for (int i = placement.first(); i < placement.last(); ++i)
      if (!exchange.crosses(0, i)) x.set(i, want[static_cast<std::size_t>(i)]);
    gossip.end(of_x, of_next);
    gossip_ref(topology, 0, want, mixed);
    next.expect(mixed, example.topology);
    for (int64_t step = 1; step < 4; ++step) {
      std::swap(want, mixed);
      std::swap(x, next);
      gossip.run(step, of_x, of_next);
      gossip_ref(topology, step, want, mixed);
      next.expect(mixed, example.topology);
    }
  }
}

}  // namespace
}  // namespace skewbench::gossip
