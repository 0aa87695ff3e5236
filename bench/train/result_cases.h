// An example of a result file, its reader, and a process to kill: shared by the tests of result files.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "bench/train/hdf5_handles.h"
#include "bench/train/result_file.h"
#include "kernels/base/test_arrays.h"

namespace skewbench::train::result_cases {

namespace fs = std::filesystem;
using hdf5::Handle;
using test_arrays::refusal;

inline constexpr int kWorkers = 3, kEvaluated = 2, kRanks = 2;
inline constexpr int64_t kLength = 16;

inline RunDescription example_run(bool has_trajectory = false) {
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
inline std::vector<std::pair<std::string, std::vector<double>>> expected_row(int r) {
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

inline EvaluationRow make_row(int r) {
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

inline std::vector<double> make_vectors(int step) {
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
    file_ = hdf5::take(H5Fopen(path.c_str(), flags, hdf5::reader_access()), H5Fclose, "{} cannot be opened", path.string());
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
inline int rows_checked(const Opened& file) {
  std::vector<Array> arrays;
  hsize_t rows = ~hsize_t{0};
  for (const auto& [name, cells] : expected_row(0)) {
    arrays.push_back(file.read(name));
    rows = std::min(rows, arrays.back().dims[0]);
    EXPECT_EQ(arrays.back().values.size(), arrays.back().dims[0] * cells.size()) << name;
  }
  for (int r = 0; r < static_cast<int>(rows); ++r) {
    std::size_t i = 0;
    for (const auto& [name, cells] : expected_row(r)) {
      const auto begin = arrays[i++].values.begin() + r * std::ssize(cells);
      EXPECT_EQ(std::vector<double>(begin, begin + std::ssize(cells)), cells) << name << ", row " << r;
    }
  }
  return static_cast<int>(rows);
}

inline void check_trajectory(const Opened& file, int at_least) {
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
inline Child unfinished_run(const fs::path& path, int rows) {
  return Child([=](auto report) {
    ResultFile file(path, example_run());
    for (int r = 0; r < rows; ++r) file.append(make_row(r));
    report(rows);
    pause();
  });
}

inline std::string bytes_of(const fs::path& path) {
  if (fs::is_directory(path)) return "a folder";
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A test with a folder of its own.
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

}  // namespace skewbench::train::result_cases
