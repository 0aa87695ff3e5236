// The table of declared state: who gets memory, of which size, and what is refused.
#include "kernels/base/state.h"
#include "kernels/base/test_arrays.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace skewbench {
namespace {

using Owner = StateTable::Owner;

using test_arrays::refusal;

TEST(State, ARankHoldsItsOwnWorkersOnly) {
  StateTable state(3, 5);
  const int x = state.declare_worker("x", ScalarType::f32, 7);
  EXPECT_EQ(state.arrays()[static_cast<std::size_t>(x)].owners, (std::vector<Owner>{{3, -1}, {4, -1}}));
  for (const int id : {3, 4}) {
    ASSERT_EQ(state.worker<float>(x, id).size(), 7u);
    for (const float element : state.worker<float>(x, id)) EXPECT_EQ(element, 0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(state.worker<float>(x, id).data()) % kAlignment, 0u);
  }
  std::ranges::fill(state.worker<float>(x, 3), 1.0f);
  EXPECT_EQ(state.worker<float>(x, 4)[0], 0) << "workers share memory";
  for (const int id : {-1, 2, 5}) EXPECT_THROW(state.worker<float>(x, id), Error) << "worker " << id;
}

TEST(State, AnEdgeBelongsToTheRankOfItsSender) {
  StateTable state(1, 3);
  const int message = state.declare_edges("message", ScalarType::i64, 2, {{2, 0}, {0, 1}, {1, 2}, {1, 0}, {3, 2}});
  EXPECT_EQ(state.arrays()[static_cast<std::size_t>(message)].owners, (std::vector<Owner>{{1, 0}, {1, 2}, {2, 0}}));
  state.edge<int64_t>(message, 1, 0)[1] = 10;
  state.edge<int64_t>(message, 1, 2)[1] = 12;
  state.edge<int64_t>(message, 2, 0)[1] = 20;
  EXPECT_EQ(state.edge<int64_t>(message, 1, 0)[1], 10);
  EXPECT_EQ(state.edge<int64_t>(message, 1, 2)[1], 12);
  EXPECT_EQ(state.edge<int64_t>(message, 2, 0)[1], 20);
  EXPECT_EQ(refusal([&] { state.edge<int64_t>(message, 0, 1); }), "state message has no edge 0 -> 1 on this rank");
  EXPECT_EQ(refusal([&] { state.edge<int64_t>(message, 2, 1); }), "state message has no edge 2 -> 1 on this rank");
}

TEST(State, ARankWhoseWorkersSendNothingHoldsNoEdge) {
  StateTable state(0, 2);
  const int message = state.declare_edges("message", ScalarType::f64, 3, {{2, 0}, {3, 1}});
  EXPECT_TRUE(state.arrays()[static_cast<std::size_t>(message)].memory.empty());
  EXPECT_EQ(state.bytes(), 0);
}

TEST(State, BytesAreOfEveryArrayOnThisRank) {
  StateTable state(0, 4);
  EXPECT_EQ(state.bytes(), 0);
  state.declare_worker("worker", ScalarType::f32, 10);
  EXPECT_EQ(state.bytes(), 4 * 10 * 4);
  state.declare_global("global", ScalarType::f64, 3);
  EXPECT_EQ(state.bytes(), 160 + 3 * 8);
  state.declare_edges("edge", ScalarType::i32, 5, {{0, 1}, {3, 9}, {9, 3}});
  EXPECT_EQ(state.bytes(), 184 + 2 * 5 * 4);
  state.declare_global("count", ScalarType::i64, 1);
  EXPECT_EQ(state.bytes(), 224 + 8);
}

TEST(State, HandlesStayValidWhenMoreIsDeclared) {
  StateTable state(0, 1);
  const int first = state.declare_global("first", ScalarType::f64, 1);
  const double* memory = state.global<double>(first).data();
  for (int i = 0; i < 100; ++i) state.declare_worker("array" + std::to_string(i), ScalarType::f32, 1);
  EXPECT_EQ(state.global<double>(first).data(), memory) << "an algorithm may keep a pointer";
}

TEST(State, RefusesWhatItCannotTellApart) {
  StateTable state(0, 1);
  const int x = state.declare_worker("x", ScalarType::f32, 4);
  EXPECT_EQ(refusal([&] { state.declare_global("x", ScalarType::f64, 1); }), "state x is declared twice");
  EXPECT_EQ(refusal([&] { state.declare_worker("y", ScalarType::f32, 0); }), "state y has length 0; it must be positive");
  EXPECT_THROW(state.worker<double>(x, 0), Error) << "four floats read as doubles";
  EXPECT_EQ(state.arrays().size(), 1u) << "what was refused is not there";
}

}  // namespace
}  // namespace skewbench
