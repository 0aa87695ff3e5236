// The exchange with vectors on a device: every message of every topology on its edge beside records on the host, counted as on
// the host; what is refused.
// ranks: 1 2 3
#include "comm/exchange/exchange.h"

#include <deque>

#include "comm/exchange/cuda_mpi_test_main.h"
#include "kernels/base/device_arrays.h"
#include "kernels/base/queue.h"

namespace skewbench::exchange {
namespace {

struct Case {
  const char* name;
  int workers;
};
const Case kCases[] = {{"ring", 8}, {"star", 5}, {"complete", 4}, {"binary_tree", 7}, {"double_binary_trees", 6},
                       {"exponential_one_peer", 8}, {"torus", 12}};

double word(int from, int to, int64_t step, int64_t e) {
  return from + 100.0 * to + 1e4 * static_cast<double>(step) + 1e7 * static_cast<double>(e);
}

class World {
 public:
  World(const Case& example, Memory memory, const char* way)
      : topology(topology::make_topology(example.name, example.workers)),
        placement(example.workers, test_communicator()->size(), test_communicator()->rank()),
        exchange(make_transport(*test_communicator(), memory, way), placement, topology, meter) {}
  topology::Topology topology;
  Placement placement;
  Meter meter;
  Exchange exchange;
};

/// Some rounds with vectors per worker, vectors per edge of unknown length, and records.
void run_rounds(World& world) {
  const Memory memory = world.exchange.memory();
  std::vector<int> vectors, records, variables, all;
  for (int lane = 0; lane < world.topology.lanes; ++lane) {
    vectors.push_back(world.exchange.open({.name = "vector", .lane = lane, .element_bytes = 8, .bound = 5}));
    records.push_back(world.exchange.open({.name = "record", .addressing = Addressing::per_edge, .lane = lane, .element_bytes = 8,
                                           .bound = 1, .holds = Holds::record}));
    variables.push_back(world.exchange.open({.name = "variable", .addressing = Addressing::per_edge, .lane = lane, .element_bytes = 8,
                                             .bound = 4, .fixed_length = false}));
  }
  for (const auto& channels : {vectors, records, variables}) all.insert(all.end(), channels.begin(), channels.end());
  const auto length = [](int from, int to, int64_t step) { return (from + 3 * to + step) % 5; };  // some are 0
  for (int64_t step = 0; step < 4; ++step) {
    std::vector<Block> blocks;
    std::deque<double> of_host;
    const auto on_device = [&](int from, int to, int64_t count) {
      std::vector<double> values;
      for (int64_t e = 0; e < count; ++e) values.push_back(word(from, to, step, e));
      blocks.emplace_back(memory, 8 * count);
      memory.upload(blocks.back().data(), values.data(), 8 * count);
      return Slice{blocks.back().data(), count, 1};
    };
    for (int lane = 0; lane < world.topology.lanes; ++lane)
      for (int i = world.placement.first(); i < world.placement.last(); ++i) {
        const auto at = static_cast<std::size_t>(lane);
        world.exchange.post(vectors[at], i, on_device(i, 99, 5));
        for (const int j : world.topology.graph(step, lane).out(i)) {
          world.exchange.post(records[at], i, j, {&of_host.emplace_back(word(i, j, step, lane)), 1, 1});
          world.exchange.post(variables[at], i, j, on_device(i, j, length(i, j, step)));
        }
      }
    world.exchange.run(step, all);
    for (int lane = 0; lane < world.topology.lanes; ++lane)
      for (int i = world.placement.first(); i < world.placement.last(); ++i)
        for (const int j : world.topology.graph(step, lane).in(i)) {
          const auto at = static_cast<std::size_t>(lane);
          const auto expect = [&](const Slice& slice, int to, int64_t count) {
            ASSERT_EQ(slice.count, count);
            std::vector<double> got(static_cast<std::size_t>(count));
            if (count > 0) memory.download(got.data(), slice.data, 8 * count);
            for (int64_t e = 0; e < count; ++e) ASSERT_EQ(got[static_cast<std::size_t>(e)], word(j, to, step, e)) << world.topology.name << " " << j << "->" << i;
          };
          expect(world.exchange.received(vectors[at], j, i), 99, 5);
          expect(world.exchange.received(variables[at], j, i), i, length(j, i, step));
          EXPECT_EQ(*world.exchange.received(records[at], j, i).as<double>(), word(j, i, step, lane));
        }
  }
}

class ExchangeCuda : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Ways, ExchangeCuda, testing::Values("mpi", "nccl"));

TEST_P(ExchangeCuda, EveryMessageArrivesOnItsEdgeAndCountsAsOnTheHost) {
  NEEDS_DEVICE();
  device::Queue queue;
  const Memory memory(queue);
  if (const std::string obstacle = std::string(GetParam()) == "nccl" ? why_no_nccl(*test_communicator(), memory) : ""; !obstacle.empty())
    GTEST_SKIP() << obstacle;
  for (const Case& example : kCases) {
    World on_device(example, memory, GetParam()), on_host(example, Memory(), "mpi");
    run_rounds(on_device);
    run_rounds(on_host);
    const auto &got = on_device.meter.ledger.edges(), &want = on_host.meter.ledger.edges();
    ASSERT_EQ(got.size(), want.size());
    for (const auto& [edge, bytes] : want) {
      EXPECT_EQ(got.at(edge).payload, bytes.payload) << example.name;
      EXPECT_EQ(got.at(edge).wire, bytes.wire) << example.name;
    }
  }
}

TEST(ExchangeCudaMisuse, AMessageOnADeviceIsContiguous) {
  NEEDS_DEVICE();
  device::Queue queue;
  World world({"ring", 8}, Memory(queue), "mpi");
  const int channel = world.exchange.open({.name = "model", .element_bytes = 4, .bound = 2});
  const Block block(Memory(queue), 16);
  try {
    world.exchange.post(channel, world.placement.first(), {block.data(), 2, 2});
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("on a device a message is contiguous"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace skewbench::exchange
