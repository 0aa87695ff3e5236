// Rows of contests on the host: who is right is timed, who is wrong is not, and the run says so.
#include "bench/kernels/runner.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "bench/kernels/operations.h"
#include "bench/kernels/results.h"
#include "kernels/base/error.h"

namespace skewbench::bench_kernels {
namespace {

constexpr int64_t kCount = 64;

/// y = 2 x, by the reference, by somebody who is right, and by `other`.
Contest twice(const std::string& shape, std::function<void(const Addresses&)> other) {
  Contest contest;
  contest.operation = "twice/forward", contest.shape = shape, contest.bytes_read = contest.bytes_written = 4 * kCount;
  const int x = contest.input("x", 4 * kCount), y = contest.output("y", 4 * kCount, 1e-6);
  contest.fill = [=](Contest& c) {
    c.normals(x, 1);
    for (std::size_t i = 0; i < kCount; ++i) c.want(y)[i] = 2 * c.before(x)[i];
  };
  contest.on_host("right", "", [=](const Addresses& at) {
    for (int64_t i = 0; i < kCount; ++i) at.at(y)[i] = 2 * at.at(x)[i];
  });
  contest.on_host("other", "", std::move(other));
  return contest;
}

struct Outcome {
  bool is_right = false;
  std::vector<Row> rows;
};

Outcome run(Contest contest) {
  Outcome outcome;
  RunOptions options;
  options.on_device = options.cold = false;
  options.min_time_s = 1e-5;
  Runner runner(options, {1e9, 1e9, 0}, {}, [&](const Row& row) { outcome.rows.push_back(row); });
  runner.add(std::move(contest));
  outcome.is_right = runner.run();
  return outcome;
}

TEST(Runner, WhoIsWrongIsNotTimed) {
  const Outcome outcome = run(twice("wrong", [](const Addresses& at) { at.at(1)[5] = 1; }));
  EXPECT_FALSE(outcome.is_right);
  ASSERT_EQ(outcome.rows.size(), 2u);
  EXPECT_EQ(outcome.rows[0].verdict, "PASSED");
  EXPECT_TRUE(outcome.rows[0].is_timed);
  EXPECT_GT(outcome.rows[0].seconds.p50, 0);
  EXPECT_EQ(outcome.rows[1].verdict, "INCORRECT");
  EXPECT_FALSE(outcome.rows[1].is_timed);
  EXPECT_NE(outcome.rows[1].reason.find("y: element 0"), std::string::npos) << outcome.rows[1].reason;
}

TEST(Runner, WhoSpoilsItsResultLaterIsFound) {
  int calls = 0;
  const Outcome outcome = run(twice("late", [&](const Addresses& at) {
    for (int64_t i = 0; i < kCount; ++i) at.at(1)[i] = (++calls > 3 * kCount ? 3 : 2) * at.at(0)[i];
  }));
  EXPECT_FALSE(outcome.is_right);
  EXPECT_NE(outcome.rows[1].reason.find("after timing"), std::string::npos) << outcome.rows[1].reason;
}

TEST(Runner, AnErrorIsARowAndRatiosReferToTheFirst) {
  EXPECT_EQ(run(twice("error", [](const Addresses&) { fail("no more"); })).rows[1].verdict, "FAILED");
  const Outcome outcome = run(twice("same", [](const Addresses& at) {
    for (int64_t i = 0; i < kCount; ++i) at.at(1)[i] = 2 * at.at(0)[i];
  }));
  EXPECT_TRUE(outcome.is_right);
  EXPECT_EQ(outcome.rows[0].ratio, 0);
  EXPECT_GT(outcome.rows[1].ratio, 0);
  EXPECT_EQ(outcome.rows[1].ratio_to, "right");
  EXPECT_EQ(outcome.rows[1].name, "twice/forward/same/n:1/host/other/hot");
}

TEST(Runner, AMedianIsOfFiveSamplesHoweverLongACallTakes) {
  const Outcome outcome = run(twice("slow", [](const Addresses& at) {
    for (int64_t i = 0; i < kCount; ++i) at.at(1)[i] = 2 * at.at(0)[i];
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }));
  ASSERT_EQ(outcome.rows[1].verdict, "PASSED");
  EXPECT_EQ(outcome.rows[1].seconds.samples, 5);
}

TEST(Runner, OneContestsDataAreInMemoryAtATime) {
  const auto idle = [](const Addresses&) {};
  RunOptions options;
  options.on_device = options.cold = false;
  options.min_time_s = 1e-6;
  Runner runner(options, {1e9, 1e9, 0}, {}, [](const Row&) {});
  Contest* before = nullptr;
  int64_t kept = 0, contests = 0;
  for (const char* shape : {"first", "second", "third"}) {
    Contest contest = twice(shape, idle);
    contest.fill = [&, fill = contest.fill](Contest& current) {
      if (before)
        for (const Array& array : before->arrays) kept += static_cast<int64_t>(array.before.capacity() + array.want.capacity());
      before = &current, ++contests;
      fill(current);
    };
    runner.add(std::move(contest));
  }
  runner.run();
  EXPECT_EQ(contests, 3);
  EXPECT_EQ(kept, 0);
}

TEST(Runner, WhatDoesNotTakeAProblemIsSkippedWithItsReason) {
  Contest contest = twice("skipped", [](const Addresses&) {});
  contest.contestants[1].why_not = "too odd";
  const Outcome outcome = run(std::move(contest));
  EXPECT_TRUE(outcome.is_right);
  EXPECT_EQ(outcome.rows[1].verdict, "SKIPPED");
  EXPECT_EQ(outcome.rows[1].reason, "too odd");
}

// Every operation of the shape files on the host, with the smallest batch: its contestants agree with its reference.
TEST(Operations, EveryContestantOfLeNetIsRight) {
  RunOptions options;
  options.on_device = options.cold = false;
  options.min_time_s = 1e-6;
  int rows = 0;
  Runner runner(options, {1e9, 1e9, 0}, {}, [&](const Row& row) {
    ++rows;
    EXPECT_EQ(row.verdict, "PASSED") << row.name << ": " << row.reason;
  });
  for (const Shape& shape : read_shapes("bench/kernels/shapes"))
    if (shape.network == "lenet")
      for (const int64_t n : {1, 5})
        for (Contest& contest : contests_of(shape, n)) runner.add(std::move(contest));
  EXPECT_TRUE(runner.run());
  EXPECT_GT(rows, 20);
}

TEST(Results, ARowIsALineOfJsonAndColumnsOfHdf5) {
  const std::string name = ::testing::TempDir() + "bench_kernels_results";
  Row row;
  row.name = "a \"quoted\" row", row.verdict = "PASSED", row.is_timed = true, row.seconds.p50 = 0.1;
  row.launches = {{"_Z1fPf", 2, 32, 0, 100, 8, 4}};
  Results results(name, {{"host", "here"}});
  results.add(row);
  results.finish();
  std::ifstream file(name + ".jsonl");
  std::string first, second;
  std::getline(file, first), std::getline(file, second);
  EXPECT_EQ(first, "{\"schema\": 1, \"host\": \"here\"}");
  EXPECT_NE(second.find("\"case\": \"a \\\"quoted\\\" row\""), std::string::npos) << second;
  EXPECT_NE(second.find("\"t_p50_s\": 0.10000000000000001"), std::string::npos) << second;
  EXPECT_NE(second.find("\"note\": \"not a GPU timing\", \"launches\": [{\"kernel\": \"_Z1fPf\", \"blocks\": 2"), std::string::npos) << second;
  EXPECT_GT(std::filesystem::file_size(name + ".h5"), 1000u);
  EXPECT_THROW(Results("/no/such/folder/x", {}), Error);
}

}  // namespace
}  // namespace skewbench::bench_kernels
