// The exchange against what the graph says must arrive, on every topology and rank count.
// ranks: 1 2 3 5 8
// full ranks: 1 2 3 4 5 6 7 8
#include "comm/exchange/exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "comm/exchange/all_gather.h"
#include "comm/exchange/mpi_test_main.h"
#include "kernels/base/compare.h"

namespace skewbench::exchange {
namespace {

struct Case {
  std::string name;
  int workers;
};
const std::vector<Case> kCases = {{"ring", 8}, {"ring", 13}, {"star", 9}, {"complete", 8}, {"binary_tree", 16},
                                  {"double_binary_trees", 11}, {"exponential", 12}, {"exponential_one_peer", 8},
                                  {"torus", 12}, {"social_network", 32}};

/// What worker `from` says to `to` at `step` in element e: names all four, so a stale or misplaced message shows.
double word(int from, int to, int64_t step, int64_t e) {
  return from + 100.0 * to + 1e4 * static_cast<double>(step) + 1e7 * static_cast<double>(e);
}

class World {
 public:
  explicit World(const Case& example)
      : topology(topology::make_topology(example.name, example.workers)),
        placement(example.workers, test_communicator()->size(), test_communicator()->rank()),
        exchange(*test_communicator(), placement, topology, meter) {}
  topology::Topology topology;
  Placement placement;
  Meter meter;
  Exchange exchange;
};

TEST(Exchange, EveryMessageArrivesOnItsEdge) {
  for (const Case& example : kCases) {
    World world(example);
    constexpr int64_t kCount = 5;
    std::vector<int> edge_channels, worker_channels, all;
    for (int lane = 0; lane < world.topology.lanes; ++lane) {
      edge_channels.push_back(world.exchange.open({.name = "edge", .addressing = Addressing::per_edge, .lane = lane,
                                                   .element_bytes = 8, .bound = kCount}));
      worker_channels.push_back(world.exchange.open({.name = "worker", .lane = lane, .element_bytes = 8, .bound = kCount}));
    }
    all = edge_channels;
    all.insert(all.end(), worker_channels.begin(), worker_channels.end());
    std::vector<std::vector<double>> memory;
    for (int64_t step = 0; step < 5; ++step) {
      memory.clear();
      memory.reserve(2000);
      const auto fill = [&](int from, int to) {
        std::vector<double> values(2 * kCount, -1);  // strided by two: what lies between must not travel
        for (int64_t e = 0; e < kCount; ++e) values[static_cast<std::size_t>(2 * e)] = word(from, to, step, e);
        memory.push_back(std::move(values));
        return Slice{memory.back().data(), kCount, 2};
      };
      for (int lane = 0; lane < world.topology.lanes; ++lane) {
        for (int i = world.placement.first(); i < world.placement.last(); ++i) {
          world.exchange.post(worker_channels[static_cast<std::size_t>(lane)], i, fill(i, 99));
          for (const int j : world.topology.graph(step, lane).out(i))
            world.exchange.post(edge_channels[static_cast<std::size_t>(lane)], i, j, fill(i, j));
        }
      }
      world.exchange.run(step, all);
      for (int lane = 0; lane < world.topology.lanes; ++lane) {
        for (int i = world.placement.first(); i < world.placement.last(); ++i) {
          for (const int j : world.topology.graph(step, lane).in(i)) {
            const Slice by_edge = world.exchange.received(edge_channels[static_cast<std::size_t>(lane)], j, i);
            const Slice by_worker = world.exchange.received(worker_channels[static_cast<std::size_t>(lane)], j, i);
            for (int64_t e = 0; e < kCount; ++e) {
              ASSERT_EQ(by_edge.as<double>()[e * by_edge.stride], word(j, i, step, e)) << example.name << " " << j << "->" << i;
              ASSERT_EQ(by_worker.as<double>()[e * by_worker.stride], word(j, 99, step, e)) << example.name;
            }
          }
        }
      }
    }
  }
}

TEST(Exchange, LengthsThatOnlyTheSenderKnows) {
  for (const Case& example : kCases) {
    World world(example);
    const int channel = world.exchange.open({.name = "variable", .addressing = Addressing::per_edge, .element_bytes = 8,
                                             .bound = 40, .fixed_length = false});
    const auto length = [](int from, int to, int64_t step) { return (from * 7 + to * 3 + step * 5) % 40; };  // some are 0
    std::vector<double> values(40);
    std::iota(values.begin(), values.end(), 1.0);
    for (int64_t step = 0; step < 4; ++step) {
      for (int i = world.placement.first(); i < world.placement.last(); ++i)
        for (const int j : world.topology.graph(step).out(i))
          world.exchange.post(channel, i, j, {values.data(), length(i, j, step), 1});
      world.exchange.run(step, {channel});
      for (int i = world.placement.first(); i < world.placement.last(); ++i) {
        for (const int j : world.topology.graph(step).in(i)) {
          const Slice slice = world.exchange.received(channel, j, i);
          ASSERT_EQ(slice.count, length(j, i, step)) << example.name;
          for (int64_t e = 0; e < slice.count; ++e) ASSERT_EQ(slice.as<double>()[e], values[static_cast<std::size_t>(e)]);
        }
      }
    }
  }
}

TEST(Exchange, AnEmptyMessageIsNotALostOne) {
  for (const Case& example : kCases) {
    World world(example);
    const int channel = world.exchange.open({.name = "variable", .element_bytes = 8, .bound = 4, .fixed_length = false});
    for (int64_t step = 0; step < 2; ++step) {
      for (int i = world.placement.first(); i < world.placement.last(); ++i)
        world.exchange.post(channel, i, {nullptr, 0, 1});  // what an empty std::vector gives
      world.exchange.run(step, {channel});
      for (int i = world.placement.first(); i < world.placement.last(); ++i) {
        for (const int j : world.topology.graph(step).in(i)) {
          EXPECT_FALSE(world.exchange.received(channel, j, i).lost()) << example.name << " " << j << "->" << i;
          EXPECT_EQ(world.exchange.received(channel, j, i).count, 0);
        }
      }
    }
  }
}

// A pair that talks, one that only sends to the other, and silence: a rank may have neighbours on one side only, or none.
TEST(Exchange, RanksWithoutNeighbours) {
  const int n = 16;
  topology::Topology topology;
  topology.name = "pair";
  topology.workers = n;
  topology.graphs = {topology::Graph(n, {{7, 8}, {8, 7}}), topology::Graph(n, {{7, 8}}), topology::Graph(n, {})};
  topology.period = 3;
  const Placement placement(n, test_communicator()->size(), test_communicator()->rank());
  Meter meter;
  Exchange exchange(*test_communicator(), placement, topology, meter);
  const int fixed = exchange.open({.name = "fixed", .element_bytes = 8, .bound = 1});
  const int variable = exchange.open({.name = "variable", .element_bytes = 8, .bound = 2, .fixed_length = false});
  for (int64_t step = 0; step < 6; ++step) {
    std::vector<std::array<double, 2>> words(n);
    for (int i = placement.first(); i < placement.last(); ++i) {
      words[static_cast<std::size_t>(i)] = {word(i, 0, step, 0), word(i, 0, step, 1)};
      exchange.post(fixed, i, {words[static_cast<std::size_t>(i)].data(), 1, 1});
      exchange.post(variable, i, {words[static_cast<std::size_t>(i)].data(), 2, 1});
    }
    exchange.run(step, {fixed, variable});
    for (const auto& [from, to] : topology.graph(step).edges()) {
      if (!placement.hosts(to)) continue;
      EXPECT_EQ(exchange.received(fixed, from, to).as<double>()[0], word(from, 0, step, 0));
      EXPECT_EQ(exchange.received(variable, from, to).as<double>()[1], word(from, 0, step, 1));
    }
  }
}

TEST(Exchange, OneOrTwoWorkers) {
  for (const int workers : {1, 2}) {
    if (test_communicator()->size() > workers) continue;
    for (const char* name : {"ring", "chain", "star", "complete", "binary_tree", "exponential", "exponential_one_peer"}) {
      World world({name, workers});
      const int channel = world.exchange.open({.name = "model", .element_bytes = 8, .bound = 1});
      const double values[] = {10, 11};
      for (int64_t step = 0; step < 3; ++step) {
        for (int i = world.placement.first(); i < world.placement.last(); ++i) world.exchange.post(channel, i, {&values[i], 1, 1});
        world.exchange.run(step, {channel});
        for (int i = world.placement.first(); i < world.placement.last(); ++i) {
          ASSERT_EQ(std::ssize(world.topology.graph(step).in(i)), workers - 1) << name;
          for (const int j : world.topology.graph(step).in(i)) {
            EXPECT_EQ(world.exchange.received(channel, j, i).as<double>()[0], values[j]) << name;
          }
        }
      }
    }
  }
}

// Misuse is refused the same way with one rank, where nothing is ever under way, as with several.
TEST(Exchange, ARoundUnderWayIsNeitherReadNorBegunAgain) {
  World world({"ring", 8});
  const int channel = world.exchange.open({.name = "model", .element_bytes = 8, .bound = 1});
  const double one = 1;
  const auto post = [&] {
    for (int i = world.placement.first(); i < world.placement.last(); ++i) world.exchange.post(channel, i, {&one, 1, 1});
  };
  const int to = world.placement.first(), from = (to + 1) % 8;
  post();
  world.exchange.begin(0, {channel});
  for (int k = 0; k < 1000; ++k) world.exchange.progress();  // the request may be complete; the round is not
  EXPECT_THROW(world.exchange.received(channel, from, to), Error);
  EXPECT_THROW(world.exchange.begin(1, {channel}), Error);
  world.exchange.end();
  EXPECT_EQ(world.exchange.received(channel, from, to).as<double>()[0], 1);
  post();
  world.exchange.run(1, {channel});
}

// A rank that fails between begin() and end() must get to say so, also when the others never come to this round.
TEST(Exchange, AnErrorIsNotHeldUpByItsUnfinishedRound) {
  const double one = 1;
  EXPECT_THROW(
      {
        World world({"ring", 8});
        const int channel = world.exchange.open({.name = "model", .element_bytes = 8, .bound = 1});
        const auto post = [&] {
          for (int i = world.placement.first(); i < world.placement.last(); ++i) world.exchange.post(channel, i, {&one, 1, 1});
        };
        post();
        world.exchange.run(0, {channel});
        if (world.placement.rank() == 0) {
          post();
          world.exchange.begin(1, {channel});
        }
        fail("an error of this rank");
      },
      Error);
}

TEST(Exchange, BytesArePayloadPerEdgeAndWirePerVectorAndRemoteRank) {
  for (const Case& example : kCases) {
    World world(example);
    if (world.topology.lanes > 1 || world.topology.period > 1) continue;
    const int channel = world.exchange.open({.name = "model", .element_bytes = 4, .bound = 25});
    const std::vector<float> values(25, 1.0f);
    for (int64_t step = 0; step < 3; ++step) {
      for (int i = world.placement.first(); i < world.placement.last(); ++i) world.exchange.post(channel, i, {values.data(), 25, 1});
      world.exchange.run(step, {channel});
    }
    int64_t wire = 0, payload = 0, expected_wire = 0, expected_payload = 0;
    for (const auto& [edge, bytes] : world.meter.ledger.edges()) {
      wire += bytes.wire;
      payload += bytes.payload;
    }
    // By hand: the distinct (vector, remote rank) pairs of this rank's workers.
    for (int i = world.placement.first(); i < world.placement.last(); ++i) {
      std::vector<int> ranks;
      for (const int j : world.topology.graph(0).out(i)) {
        expected_payload += 3 * 100;
        ranks.push_back(world.placement.rank_of(j));
      }
      std::sort(ranks.begin(), ranks.end());
      ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
      expected_wire += 3 * 100 * (std::ssize(ranks) - std::count(ranks.begin(), ranks.end(), world.placement.rank()));
    }
    EXPECT_EQ(payload, expected_payload) << example.name;
    EXPECT_EQ(wire, expected_wire) << example.name;
    if (test_communicator()->size() == 1) {
      EXPECT_EQ(wire, 0);
    }
  }
}

TEST(Exchange, ComputingBetweenBeginAndEndChangesNothing) {
  World world({"ring", 8});
  const int channel = world.exchange.open({.name = "model", .element_bytes = 8, .bound = 100000});
  std::vector<std::vector<double>> x(static_cast<std::size_t>(world.placement.local()), std::vector<double>(100000));
  for (int i = world.placement.first(); i < world.placement.last(); ++i) {
    auto& mine = x[static_cast<std::size_t>(i - world.placement.first())];
    std::iota(mine.begin(), mine.end(), 1e6 * i);
    world.exchange.post(channel, i, {mine.data(), 100000, 1});
  }
  world.exchange.begin(0, {channel});
  for (int k = 0; k < 20; ++k) world.exchange.progress();
  world.exchange.end();
  for (int i = world.placement.first(); i < world.placement.last(); ++i)
    for (const int j : world.topology.graph(0).in(i)) {
      const double* values = world.exchange.received(channel, j, i).as<double>();
      EXPECT_EQ(values[0], 1e6 * j);
      EXPECT_EQ(values[99999], 1e6 * j + 99999);
    }
}

TEST(Exchange, LostMessagesAreTheSameOnEveryPlacement) {
  World world({"ring", 8});
  const int channel = world.exchange.open({.name = "model", .element_bytes = 8, .bound = 1});
  world.exchange.lose_messages(0.3, 11);
  const double one = 1;
  std::vector<int> lost;
  for (int64_t step = 0; step < 200; ++step) {
    for (int i = world.placement.first(); i < world.placement.last(); ++i) world.exchange.post(channel, i, {&one, 1, 1});
    world.exchange.run(step, {channel});
    std::vector<int> mine;
    for (int i = world.placement.first(); i < world.placement.last(); ++i)
      mine.push_back(world.exchange.received(channel, (i + 1) % 8, i).lost() ? 1 : 0);
    const auto all = all_gather(*test_communicator(), world.placement, world.meter, mine);
    lost.insert(lost.end(), all.begin(), all.end());
  }
  const int64_t count = std::accumulate(lost.begin(), lost.end(), int64_t{0});
  // Recorded on one rank; the same on every number of them.
  EXPECT_EQ(fingerprint(std::as_bytes(std::span(lost))), 2764471726777939253u);
  EXPECT_NEAR(static_cast<double>(count) / 1600, 0.3, 5 * 0.0115);  // five standard errors
}

TEST(Exchange, RefusesWhatWouldHangOrBeWrong) {
  World world({"ring", 8});
  const int channel = world.exchange.open({.name = "model", .element_bytes = 8, .bound = 3});
  const double values[4] = {};
  const int mine = world.placement.first(), other = (world.placement.last()) % 8;
  EXPECT_THROW(world.exchange.post(channel, mine, {values, 4, 1}), Error) << "longer than the bound";
  EXPECT_THROW(world.exchange.post(channel, mine, {values, 2, 1}), Error) << "shorter than a fixed length";
  EXPECT_THROW(world.exchange.post(channel, mine, {nullptr, 3, 1}), Error) << "elements without memory";
  if (test_communicator()->size() > 1) {
    EXPECT_THROW(world.exchange.post(channel, other, {values, 3, 1}), Error) << "not hosted here";
  }
  EXPECT_THROW(world.exchange.received(channel, 1, 0), Error) << "before a round";
  EXPECT_THROW(world.exchange.begin(0, {channel}), Error) << "nobody has posted";
  EXPECT_THROW(world.exchange.open({.name = "lane", .lane = 1, .bound = 1}), Error);
  EXPECT_THROW(world.exchange.open({.name = "long", .element_bytes = 4, .bound = int64_t{1} << 29}), Error) << "2 GiB";
}

TEST(Exchange, RanksThatDisagreeAboutTheGraphAreRefused) {
  if (test_communicator()->size() == 1) GTEST_SKIP() << "one rank cannot disagree";
  const auto topology = topology::make_topology(test_communicator()->rank() == 0 ? "ring" : "chain", 8);
  const Placement placement(8, test_communicator()->size(), test_communicator()->rank());
  Meter meter;
  EXPECT_THROW(Exchange(*test_communicator(), placement, topology, meter), Error);
}

TEST(Agree, TheErrorOfOneRankReachesAll) {
  const int last = test_communicator()->size() - 1;
  try {
    agree(*test_communicator(), [&] {
      if (test_communicator()->rank() == last) fail("rank {} cannot", last);
    });
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "rank " + std::to_string(last) + " cannot");
  }
  agree(*test_communicator(), [] {});
}

TEST(Placement, EveryWorkerIsOnOneRankAndTheInverseAgrees) {
  for (int workers = 1; workers <= 20; ++workers) {
    for (int ranks = 1; ranks <= workers; ++ranks) {
      int total = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const Placement placement(workers, ranks, rank);
        total += placement.local();
        for (int i = placement.first(); i < placement.last(); ++i) ASSERT_EQ(placement.rank_of(i), rank);
      }
      ASSERT_EQ(total, workers);
    }
    EXPECT_THROW(Placement(workers, workers + 1, 0), Error);
  }
}

}  // namespace
}  // namespace skewbench::exchange
