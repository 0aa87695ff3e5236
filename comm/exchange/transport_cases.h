// What every transport must do, wherever its memory is. Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "comm/exchange/transport.h"

namespace skewbench::exchange::transport_cases {

/// Bytes that name both ranks, the round and the number of the parcel: a stale or misplaced one shows.
inline std::vector<uint8_t> content(int from, int to, int round, int number, int64_t bytes) {
  std::vector<uint8_t> values(static_cast<std::size_t>(bytes));
  std::iota(values.begin(), values.end(), static_cast<uint8_t>(7 * from + 31 * to + 101 * round + 13 * number));
  return values;
}

/// Lengths of the parcels between two ranks: none for some pairs, several for others, odd ones and one beyond a megabyte.
inline std::vector<int64_t> lengths(int from, int to, int round) {
  const std::vector<std::vector<int64_t>> all = {{1, 300, 4097}, {}, {(1 << 20) + 3}, {64}};
  return all[static_cast<std::size_t>((from + 2 * to + round) % 4)];
}

/// Some rounds in which every rank sends to every other one. Blocks are written and read by the memory's own means only.
inline void expect_parcels_arrive(Transport& transport) {
  const int ranks = transport.communicator().size(), me = transport.communicator().rank();
  const Memory memory = transport.memory();
  for (int round = 0; round < 5; ++round) {
    std::vector<Block> blocks;
    std::vector<Parcel> sends, receives;
    for (int other = 0; other < ranks; ++other) {
      if (other == me) continue;
      for (const int64_t bytes : lengths(me, other, round)) {
        blocks.emplace_back(memory, bytes);
        const auto values = content(me, other, round, static_cast<int>(bytes), bytes);
        memory.upload(blocks.back().data(), values.data(), bytes);  // begin() comes at once: it must wait for this
        sends.push_back({other, blocks.back().data(), bytes});
      }
      for (const int64_t bytes : lengths(other, me, round)) {
        blocks.emplace_back(memory, bytes);
        receives.push_back({other, blocks.back().data(), bytes});
      }
    }
    transport.begin(sends, receives);
    for (int k = 0; k < 3; ++k) transport.progress();
    transport.end();
    for (const Parcel& parcel : receives) {
      std::vector<uint8_t> got(static_cast<std::size_t>(parcel.bytes));
      memory.download(got.data(), parcel.data, parcel.bytes);
      ASSERT_EQ(got, content(parcel.rank, me, round, static_cast<int>(parcel.bytes), parcel.bytes)) << "from rank " << parcel.rank;
    }
  }
}

/// One vector to every other rank, changed at once after end(): what was sent is what it was at begin().
inline void expect_vectors_may_change_after_the_end(Transport& transport) {
  const int ranks = transport.communicator().size(), me = transport.communicator().rank();
  const Memory memory = transport.memory();
  Buffer<int32_t> mine(memory, 1000), theirs(memory, 1000 * ranks);
  for (int round = 0; round < 3; ++round) {
    const std::vector<int32_t> values(1000, 100 * round + me);
    memory.upload(mine.data(), values.data(), 4000);
    std::vector<Parcel> sends, receives;
    for (int other = 0; other < ranks; ++other) {
      if (other == me) continue;
      sends.push_back({other, mine.data(), 4000});
      receives.push_back({other, theirs.data() + 1000 * other, 4000});
    }
    transport.begin(sends, receives);
    transport.end();
    memory.zero(mine.data(), 4000);
    std::vector<int32_t> got(static_cast<std::size_t>(1000 * ranks));
    memory.download(got.data(), theirs.data(), 4000 * ranks);
    for (int other = 0; other < ranks; ++other)
      for (int i = 0; i < 1000 && other != me; ++i) ASSERT_EQ(got[static_cast<std::size_t>(1000 * other + i)], 100 * round + other);
  }
}

}  // namespace skewbench::exchange::transport_cases
