// Result files: a writer killed at any moment leaves every finished row readable; names and locks as results/schema.md says.
#include "bench/train/result_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "bench/train/hdf5_handles.h"
#include "bench/train/result_lock.h"
#include "kernels/base/random.h"
#include "kernels/base/test_arrays.h"

namespace skewbench::train {
namespace {

namespace fs = std::filesystem;
using hdf5::Handle;
using test_arrays::refusal;

constexpr int kWorkers = 3, kEvaluated = 2, kRanks = 2;
constexpr int64_t kLength = 16;

RunDescription example_run(bool has_trajectory = false) {
  RunDescription run;
  run.case_string = "train:fashion_mnist/lenet/group/ring/n3/iid/d_psgd/seed1";
  run.config = {{"lr", "0.05"}, {"data", ""}};
  run.environment = {{"git_revision", "unknown"}};
  run.topology = {{"name", "ring"}};
  run.model = {{"parameters", "79510"}};
  run.edges = {{0, 0, 0, 1}, {0, 0, 1, 2}, {0, 0, 2, 0}};
  run.class_histogram = {{1, 2}, {3, 4}, {5, 6}};
  run.samples = {3, 7, 11};
  run.evaluated_workers = {0, 2};
  run.workers = kWorkers;
  run.ranks = kRanks;
  run.vector_length = kLength;
  run.trajectory = has_trajectory;
  return run;
}

// Every dataset of the root and what row r of it holds: all numbers of a row and of the file differ.
std::vector<std::pair<std::string, std::vector<double>>> expected_row(int r) {
  const double x = 100.0 * r;
  return {{"epoch", {x + 1}},
          {"step", {x + 2}},
          {"samples", {x + 3}},
          {"train_loss", {x + 4.5}},
          {"evaluated_samples", {x + 5}},
          {"full", {double(r % 2)}},
          {"loss", {x + 6.25, x + 7}},
          {"accuracy", {x + 8, x + 9}},
          {"loss_of_average", {x + 10}},
          {"accuracy_of_average", {x + 11}},
          {"consensus_distance", {x + 12}},
          {"payload_bytes", {x + 13, x + 14, x + 15}},
          {"wire_bytes", {x + 16, x + 17, x + 18}},
          {"seconds_compute", {x + 19, x + 20}},
          {"seconds_exchange", {x + 21, x + 22}},
          {"seconds_wait", {x + 23, x + 24}},
          {"seconds_mix", {x + 25, x + 26}},
          {"seconds_evaluation", {x + 27, x + 28}},
          {"seconds_total", {x + 29}}};
}

EvaluationRow make_row(int r) {
  const double x = 100.0 * r;
  const int64_t k = 100 * r;
  EvaluationRow row;
  row.epoch = x + 1;
  row.step = k + 2;
  row.samples = k + 3;
  row.train_loss = x + 4.5;
  row.evaluated_samples = k + 5;
  row.full = r % 2 == 1;
  row.loss = {x + 6.25, x + 7};
  row.accuracy = {x + 8, x + 9};
  row.loss_of_average = x + 10;
  row.accuracy_of_average = x + 11;
  row.consensus_distance = x + 12;
  row.payload_bytes = {k + 13, k + 14, k + 15};
  row.wire_bytes = {k + 16, k + 17, k + 18};
  row.seconds_compute = {x + 19, x + 20};
  row.seconds_exchange = {x + 21, x + 22};
  row.seconds_wait = {x + 23, x + 24};
  row.seconds_mix = {x + 25, x + 26};
  row.seconds_evaluation = {x + 27, x + 28};
  row.seconds_total = x + 29;
  return row;
}

std::vector<double> make_vectors(int step) {
  std::vector<double> vectors(kWorkers * kLength);
  for (std::size_t i = 0; i < vectors.size(); ++i) vectors[i] = 1000.0 * step + double(i);
  return vectors;
}

struct Array {
  std::vector<hsize_t> dims;
  std::vector<double> values;
};

class Opened {
 public:
  explicit Opened(const fs::path& path, unsigned flags = H5F_ACC_RDONLY) {
    hdf5::silence();
    file_ = hdf5::take(H5Fopen(path.c_str(), flags, H5P_DEFAULT), H5Fclose, "{} cannot be opened", path.string());
  }
  Array read(const std::string& name) const {
    const Handle set = hdf5::take(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "{} cannot be opened", name);
    const Handle space = hdf5::take(H5Dget_space(set), H5Sclose, "{} cannot be read", name);
    Array array;
    array.dims.resize(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, array.dims.data(), nullptr);
    array.values.resize(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    hdf5::check(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()), "{} cannot be read", name);
    return array;
  }
  std::string text(const std::string& object, const std::string& name) const {
    const Handle attribute = hdf5::take(H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                                        H5Aclose, "{} cannot be opened", name);
    const Handle type(H5Aget_type(attribute), H5Tclose);
    std::string value(H5Tget_size(type), '?');
    hdf5::check(H5Aread(attribute, type, value.data()), "{} cannot be read", name);
    return value.c_str();
  }
  bool has(const std::string& name) const { return H5Lexists(file_, name.c_str(), H5P_DEFAULT) > 0; }

 private:
  Handle file_;
};

// Checks every row that all datasets have, as a reader cuts them, and returns how many.
int rows_checked(const Opened& file) {
  hsize_t rows = ~hsize_t{0};
  for (const auto& [name, cells] : expected_row(0)) rows = std::min(rows, file.read(name).dims[0]);
  for (const auto& [name, cells] : expected_row(0)) {
    const Array array = file.read(name);
    EXPECT_EQ(array.values.size(), array.dims[0] * cells.size()) << name;
  }
  for (int r = 0; r < static_cast<int>(rows); ++r)
    for (const auto& [name, cells] : expected_row(r)) {
      const auto values = file.read(name).values;
      const auto begin = values.begin() + r * std::ssize(cells);
      EXPECT_EQ(std::vector<double>(begin, begin + std::ssize(cells)), cells) << name << ", row " << r;
    }
  return static_cast<int>(rows);
}

void check_trajectory(const Opened& file, int at_least) {
  const Array array = file.read("trajectory");
  ASSERT_EQ(array.dims.size(), 3u);
  EXPECT_EQ(array.dims[1], hsize_t(kWorkers));
  EXPECT_EQ(array.dims[2], hsize_t(kLength));
  ASSERT_GE(static_cast<int>(array.dims[0]), at_least);
  for (int step = 0; step < at_least; ++step) {
    const auto begin = array.values.begin() + step * kWorkers * kLength;
    ASSERT_EQ(std::vector<double>(begin, begin + kWorkers * kLength), make_vectors(step)) << "step " << step;
  }
}

// A child process that runs `action(report)`; report(k) tells the parent that k rows are finished.
class Child {
 public:
  template <class Action>
  explicit Child(Action action) {
    int ends[2];
    if (pipe(ends) != 0) throw Error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      try {
        action([&](int k) { static_cast<void>(!write(ends[1], &k, sizeof k)); });
      } catch (const std::exception& error) {
        fprintf(stderr, "child: %s\n", error.what());
        _exit(1);
      }
      _exit(0);
    }
    close(ends[1]);
    reports_ = ends[0];
  }
  ~Child() {
    kill_and_wait();
    close(reports_);
  }
  // Waits for the next report; -1 if the child ended.
  int next_report() const {
    int k = -1;
    return read(reports_, &k, sizeof k) == sizeof k ? k : -1;
  }
  int last_report() const {
    int last = -1;
    for (int k = next_report(); k >= 0; k = next_report()) last = k;
    return last;
  }
  void kill_and_wait() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    wait();
  }
  int wait() {
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int reports_ = -1;
};

// A child that writes `rows` rows to `path` and then waits to be killed.
Child unfinished_run(const fs::path& path, int rows) {
  return Child([=](auto report) {
    ResultFile file(path, example_run());
    for (int r = 0; r < rows; ++r) file.append(make_row(r));
    report(rows);
    pause();
  });
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ResultFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("skewbench-result-{}", getpid());
    fs::remove_all(folder_);
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path in(const std::string& name) const { return folder_ / name; }
  void write_complete(const fs::path& path, int rows) {
    ResultFile file(path, example_run());
    for (int r = 0; r < rows; ++r) file.append(make_row(r));
    file.finish("PASSED", "", {});
  }

  fs::path folder_;
};

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
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(1500)));
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

TEST_F(ResultFileTest, CompleteFileIsNotOverwritten) {
  write_complete(in("run.h5"), 2);
  const std::string before = bytes_of(in("run.h5"));
  const std::string why = why_result_cannot_start(in("run.h5"));
  EXPECT_NE(why.find("run.h5 exists already and is not overwritten"), std::string::npos) << why;
  EXPECT_EQ(refusal([&] { ResultFile(in("run.h5"), example_run()); }), why);
  EXPECT_EQ(bytes_of(in("run.h5")), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(ResultFileTest, ResultThatAppearedMeanwhileIsNotOverwritten) {
  ResultFile file(in("run.h5"), example_run());
  std::ofstream(in("run.h5")) << "another's";
  EXPECT_NE(refusal([&] { file.finish("PASSED", "", {}); }).find("File exists"), std::string::npos);
  EXPECT_EQ(bytes_of(in("run.h5")), "another's");
  EXPECT_EQ(Opened(in("run.running.h5")).text("/", "status"), "complete");
}

TEST_F(ResultFileTest, LiveLockIsRefused) {
  const Child child = unfinished_run(in("run.h5"), 2);
  ASSERT_EQ(child.next_report(), 2);
  const std::string why = why_result_cannot_start(in("run.h5"));
  EXPECT_NE(why.find(fmt::format("is being written by process {} on this host", child.pid())), std::string::npos) << why;
  EXPECT_EQ(refusal([&] { ResultFile(in("run.h5"), example_run()); }), why);
  EXPECT_EQ(rows_checked(Opened(in("run.running.h5"), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ)), 2);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(ResultFileTest, DeadLockIsMovedAside) {
  for (int n = 1; n <= 2; ++n) {
    Child child = unfinished_run(in("run.h5"), n);
    ASSERT_EQ(child.next_report(), n);
    child.kill_and_wait();
    EXPECT_EQ(why_result_cannot_start(in("run.h5")), "");
  }
  write_complete(in("run.h5"), 5);
  for (int n = 1; n <= 2; ++n)
    EXPECT_EQ(rows_checked(Opened(in(fmt::format("run.interrupted-{}.h5", n)), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ)), n);
  EXPECT_EQ(rows_checked(Opened(in("run.h5"))), 5);
  EXPECT_FALSE(fs::exists(in("run.running.h5")));
}

TEST_F(ResultFileTest, ZombieIsDead) {
  Child child = unfinished_run(in("run.h5"), 1);
  ASSERT_EQ(child.next_report(), 1);
  kill(child.pid(), SIGKILL);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(why_result_cannot_start(in("run.h5")), "");
}

// A running file with a lock of our choice.
void write_lock(const fs::path& path, const std::string& suite, const std::string& host, int64_t pid, const std::string& started) {
  const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const std::pair<const char*, std::string> texts[] = {{"suite", suite}, {"host", host}, {"started_utc", started}};
  for (const auto& [name, text] : texts) {
    const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type, text.size() + 1);
    const Handle attribute(H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    hdf5::check(H5Awrite(attribute, type, text.c_str()), "cannot be written");
  }
  const Handle attribute(H5Acreate2(file, "pid", H5T_NATIVE_INT64, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  hdf5::check(H5Awrite(attribute, H5T_NATIVE_INT64, &pid), "cannot be written");
}

TEST_F(ResultFileTest, LocksOfOthers) {
  const fs::path running = in("run.running.h5");
  write_lock(running, "skewbench", "another-host", getpid(), "2024-05-01T10:00:00Z");
  EXPECT_NE(why_result_cannot_start(in("run.h5")).find("on host another-host"), std::string::npos);
  write_lock(running, "skewbench", host_name(), getpid(), "2999-01-01T00:00:00Z");
  EXPECT_NE(why_result_cannot_start(in("run.h5")).find("is being written"), std::string::npos);
  write_lock(running, "skewbench", host_name(), getpid(), "2001-01-01T00:00:00Z");
  EXPECT_EQ(why_result_cannot_start(in("run.h5")), "") << "this process began after the file: the pid was given out again";
}

TEST_F(ResultFileTest, ForeignFileUnderTheRunningName) {
  const fs::path running = in("run.running.h5");
  const auto is_refused = [&] {
    const std::string before = bytes_of(running), why = why_result_cannot_start(in("run.h5"));
    EXPECT_NE(why.find("is no result file of this suite"), std::string::npos) << why;
    EXPECT_EQ(refusal([&] { ResultFile(in("run.h5"), example_run()); }), why);
    EXPECT_EQ(bytes_of(running), before);
  };
  std::ofstream(running) << "notes";
  is_refused();
  std::ofstream(running, std::ios::trunc).close();
  is_refused();
  write_lock(running, "another suite", host_name(), 1, "");
  is_refused();
  fs::remove(running);
  fs::create_directory(running);
  is_refused();
}

TEST_F(ResultFileTest, BadPaths) {
  const auto refuses = [&](const fs::path& path, const std::string& part) {
    const std::string why = why_result_cannot_start(path);
    EXPECT_NE(why.find(part), std::string::npos) << "'" << why << "'";
    EXPECT_EQ(refusal([&] { ResultFile(path, example_run()); }), why);
  };
  refuses(in("missing") / "run.h5", "there is no folder");
  refuses(in("run.hdf5"), "must be named NAME.h5");
  refuses(in(".h5"), "must be named NAME.h5");
  refuses("", "must be named NAME.h5");
  refuses(in("run.running.h5"), "the name of an unfinished one");
  refuses(in("run.interrupted-2.h5"), "the name of an unfinished one");
  refuses(in(std::string(240, 'x') + ".h5"), "longer than");
  if (geteuid() != 0) {
    fs::create_directory(in("locked"));
    fs::permissions(in("locked"), fs::perms::owner_read);
    refuses(in("locked") / "run.h5", "is not writable");
  }
  EXPECT_EQ(why_result_cannot_start(in("run.2.h5")), "");
  EXPECT_TRUE(fs::is_empty(folder_) || geteuid() != 0);
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
