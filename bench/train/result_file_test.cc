// Result files: a writer killed at any moment leaves every finished row readable, and a complete file holds what was given.
#include "bench/train/result_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "bench/train/result_cases.h"
#include "bench/train/result_lock.h"
#include "kernels/base/random.h"

namespace skewbench::train {
namespace {

using namespace result_cases;

TEST_F(ResultFileTest, KilledAtAnyMomentKeepsEveryFinishedRow) {
  Random random(1, 0, 0, Purpose::fault);
  int most_rows = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const bool has_trajectory = trial % 2 == 0;
    const fs::path path = in(fmt::format("run{}.h5", trial)), running = in(fmt::format("run{}.running.h5", trial));
    Child child([&](auto report) {
      ResultFile file(path, example_run(has_trajectory));
      for (int r = 0;; ++r) {
        if (has_trajectory) file.append_trajectory(make_vectors(r));
        file.append(make_row(r));
        report(r + 1);
      }
    });
    if (trial % 4 != 3) child.next_report();  // some are killed while the file is made, most while rows are written
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(60'000)));
    child.kill_and_wait();
    const int finished = child.last_report();
    EXPECT_FALSE(fs::exists(path));
    if (!fs::exists(running)) {
      EXPECT_EQ(finished, -1) << "rows were finished but there is no file";
      continue;
    }
    const Opened file(running, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ);
    EXPECT_EQ(file.text("/", "status"), "running");
    const int rows = rows_checked(file);
    EXPECT_GE(rows, finished) << "trial " << trial;
    if (has_trajectory) check_trajectory(file, rows);
    most_rows = std::max(most_rows, rows);
    if (HasFailure()) return;
  }
  EXPECT_GT(most_rows, 3) << "the kills came too early to test anything";
}

// The kernel cuts the write of a killed process at a page's end only: such a piece of metadata would be half written.
TEST_F(ResultFileTest, NoMetadataThatIsWrittenAgainLiesAcrossAPage) {
  write_complete(in("run.h5"), 300);
  const std::string bytes = bytes_of(in("run.h5"));
  const std::map<std::string, std::size_t> pieces = {{"EAHD", 72}, {"EAIB", 298}, {"OHDR", 284}};  // of an index and its dataset
  for (const auto& [signature, length] : pieces) {
    int found = 0;
    for (std::size_t at = bytes.find(signature); at != std::string::npos; at = bytes.find(signature, at + 1), ++found)
      EXPECT_LE(at % 4096 + length, 4096u) << signature << " at " << at;
    EXPECT_GE(found, std::ssize(expected_row(0))) << signature;  // one for each dataset of rows
  }
}

TEST_F(ResultFileTest, HalfWrittenMetadataIsAnErrorNotAWait) {
  const Child child = unfinished_run(in("run.h5"), 5);
  ASSERT_EQ(child.next_report(), 5);
  const std::string bytes = bytes_of(in("run.running.h5"));
  for (std::size_t at = bytes.find("EAIB"); at != std::string::npos; at = bytes.find("EAIB", at + 1)) {
    std::fstream file(in("run.running.h5"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(std::streamoff(at) + 200);
    file << "half";
  }
  const Opened file(in("run.running.h5"), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ);
  EXPECT_NE(refusal([&] { file.read("epoch"); }).find("epoch cannot be read"), std::string::npos);
}

TEST_F(ResultFileTest, KilledWhileFinishingIsReadableUnderOneName) {
  Random random(2, 0, 0, Purpose::fault);
  for (int trial = 0; trial < 30; ++trial) {
    const fs::path path = in(fmt::format("run{}.h5", trial)), running = in(fmt::format("run{}.running.h5", trial));
    Child child([&](auto report) {
      ResultFile file(path, example_run());
      for (int r = 0; r < 3; ++r) file.append(make_row(r));
      report(3);
      file.finish("PASSED", "", {{0, 1, 2, 3}});
    });
    child.next_report();
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(15'000)));
    child.kill_and_wait();
    ASSERT_NE(fs::exists(path), fs::exists(running));
    if (fs::exists(path)) EXPECT_EQ(rows_checked(Opened(path)), 3);
    else EXPECT_EQ(rows_checked(Opened(running, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ)), 3);
  }
}

TEST_F(ResultFileTest, ReadableWhileItIsWritten) {
  const Child child = unfinished_run(in("run.h5"), 5);
  ASSERT_EQ(child.next_report(), 5);
  EXPECT_EQ(rows_checked(Opened(in("run.running.h5"), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ)), 5);
}

TEST_F(ResultFileTest, CompleteFileOpensNormally) {
  {
    ResultFile file(in("run.h5"), example_run(true));
    EXPECT_TRUE(fs::exists(in("run.running.h5")));
    file.append_trajectory(make_vectors(0));
    for (int r = 0; r < 100; ++r) {
      file.append(make_row(r));
      file.append_trajectory(make_vectors(r + 1));
    }
    file.finish("DIVERGED", "a loss was not finite", {{0, 1, 70, 80}, {1, 2, 90, 100}});
    EXPECT_NE(refusal([&] { file.append(make_row(0)); }).find("takes no more rows"), std::string::npos);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << "something is left beside run.h5";
  const Opened file(in("run.h5"));
  EXPECT_EQ(rows_checked(file), 100);
  check_trajectory(file, 101);
  EXPECT_EQ(file.text("/", "suite"), "skewbench");
  EXPECT_EQ(file.text("/", "kind"), "train");
  EXPECT_EQ(file.text("/", "case"), example_run().case_string);
  EXPECT_EQ(file.text("/", "status"), "complete");
  EXPECT_EQ(file.text("/", "verdict"), "DIVERGED");
  EXPECT_EQ(file.text("/", "reason"), "a loss was not finite");
  EXPECT_EQ(file.text("/", "host"), host_name());
  EXPECT_EQ(file.text("/", "started_utc").size(), std::string("2024-05-01T10:00:00Z").size());
  EXPECT_GE(file.text("/", "ended_utc"), file.text("/", "started_utc"));
  EXPECT_EQ(file.text("config", "lr"), "0.05");
  EXPECT_EQ(file.text("config", "data"), "");
  EXPECT_EQ(file.text("topology", "name"), "ring");
  EXPECT_EQ(file.read("topology/edges").values, (std::vector<double>{0, 0, 0, 1, 0, 0, 1, 2, 0, 0, 2, 0}));
  EXPECT_EQ(file.read("partition/class_histogram").values, (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(file.read("partition/samples").values, (std::vector<double>{3, 7, 11}));
  EXPECT_EQ(file.read("evaluated_workers").values, (std::vector<double>{0, 2}));
  EXPECT_EQ(file.read("edge_bytes").values, (std::vector<double>{0, 1, 70, 80, 1, 2, 90, 100}));
}

TEST_F(ResultFileTest, SmallFile) {
  RunDescription run = example_run();
  run.workers = 16;
  run.class_histogram.assign(16, std::vector<int64_t>(10, 600));
  run.samples.assign(16, 3750);
  run.evaluated_workers.assign(16, 0);
  for (int i = 0; i < 25; ++i) run.config.emplace_back(fmt::format("option-{}", i), "a value of the option");
  EvaluationRow row = make_row(0);
  row.loss.resize(16), row.accuracy.resize(16), row.payload_bytes.resize(16), row.wire_bytes.resize(16);
  ResultFile file(in("run.h5"), run);
  for (int r = 0; r < 4; ++r) file.append(row);
  file.finish("PASSED", "", {});
  EXPECT_LT(fs::file_size(in("run.h5")), 100'000u);
}

TEST_F(ResultFileTest, WithoutClassesEdgesAndTrajectory) {
  RunDescription run = example_run();
  run.class_histogram.clear();
  run.edges.clear();
  ResultFile(in("run.h5"), run).finish("PASSED", std::string(300, 'x'), {});
  const Opened file(in("run.h5"));
  EXPECT_FALSE(file.has("trajectory"));
  EXPECT_FALSE(file.has("partition/class_histogram"));
  EXPECT_EQ(file.read("topology/edges").dims, (std::vector<hsize_t>{0, 4}));
  EXPECT_EQ(file.read("edge_bytes").dims, (std::vector<hsize_t>{0, 4}));
  EXPECT_EQ(rows_checked(file), 0);
  EXPECT_EQ(file.text("/", "reason"), std::string(255, 'x'));
}

TEST_F(ResultFileTest, LongVectorsInTheTrajectory) {
  RunDescription run = example_run(true);
  run.vector_length = 200'000;  // a row of 4.8 MB is cut into several chunks
  std::vector<double> vectors(static_cast<std::size_t>(kWorkers * run.vector_length));
  for (std::size_t i = 0; i < vectors.size(); ++i) vectors[i] = double(i);
  ResultFile file(in("run.h5"), run);
  file.append_trajectory(vectors);
  file.append(make_row(0));
  file.finish("PASSED", "", {});
  EXPECT_EQ(Opened(in("run.h5")).read("trajectory").values, vectors);
}

TEST_F(ResultFileTest, NotFinishedStaysRunningAndReadable) {
  { ResultFile(in("run.h5"), example_run()).append(make_row(0)); }
  EXPECT_FALSE(fs::exists(in("run.h5")));
  const Opened file(in("run.running.h5"));
  EXPECT_EQ(rows_checked(file), 1);
  EXPECT_EQ(file.text("/", "verdict"), "NOT_VERIFIED");
}

TEST_F(ResultFileTest, RowsOfAnotherShapeAreRefusedWhole) {
  {
    ResultFile file(in("run.h5"), example_run());
    EvaluationRow row = make_row(0);
    row.seconds_evaluation.pop_back();
    EXPECT_NE(refusal([&] { file.append(row); }).find("a row has 1 values of 'seconds_evaluation' instead of 2"), std::string::npos);
    EXPECT_NE(refusal([&] { file.append_trajectory(make_vectors(0)); }).find("no trajectory was declared"), std::string::npos);
    file.append(make_row(0));
    file.finish("PASSED", "", {});
  }
  EXPECT_EQ(rows_checked(Opened(in("run.h5"))), 1);
  ResultFile file(in("long.h5"), example_run(true));
  EXPECT_NE(refusal([&] { file.append_trajectory(std::vector<double>(7)); }).find("7 values instead of 3 x 16"), std::string::npos);
}

TEST_F(ResultFileTest, ContradictingDescriptions) {
  RunDescription run = example_run();
  run.samples.pop_back();
  EXPECT_NE(refusal([&] { ResultFile(in("run.h5"), run); }).find("2 numbers of samples were given for 3 workers"), std::string::npos);
  run = example_run();
  run.class_histogram[1].pop_back();
  EXPECT_NE(refusal([&] { ResultFile(in("run.h5"), run); }).find("differ in length"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace skewbench::train
