// Names and locks of result files, as results/schema.md says: nothing is overwritten, and no file has two writers.
#include "bench/train/result_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/train/result_cases.h"

namespace skewbench::train {
namespace {

using namespace result_cases;
using ResultLockTest = ResultFileTest;

TEST_F(ResultLockTest, CompleteFileIsNotOverwritten) {
  write_complete(in("run.h5"), 2);
  const std::string before = bytes_of(in("run.h5"));
  const std::string why = why_result_cannot_start(in("run.h5"));
  EXPECT_NE(why.find("run.h5 exists already and is not overwritten"), std::string::npos) << why;
  EXPECT_EQ(refusal([&] { ResultFile(in("run.h5"), example_run()); }), why);
  EXPECT_EQ(bytes_of(in("run.h5")), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(ResultLockTest, ResultThatAppearedMeanwhileIsNotOverwritten) {
  ResultFile file(in("run.h5"), example_run());
  std::ofstream(in("run.h5")) << "another's";
  EXPECT_NE(refusal([&] { file.finish("PASSED", "", {}); }).find("File exists"), std::string::npos);
  EXPECT_EQ(bytes_of(in("run.h5")), "another's");
  EXPECT_EQ(Opened(in("run.running.h5")).text("/", "status"), "complete");
}

TEST_F(ResultLockTest, LiveLockIsRefused) {
  const Child child = unfinished_run(in("run.h5"), 2);
  ASSERT_EQ(child.next_report(), 2);
  const std::string why = why_result_cannot_start(in("run.h5"));
  EXPECT_NE(why.find(fmt::format("is being written by process {} on this host", child.pid())), std::string::npos) << why;
  EXPECT_EQ(refusal([&] { ResultFile(in("run.h5"), example_run()); }), why);
  EXPECT_EQ(rows_checked(Opened(in("run.running.h5"), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ)), 2);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(ResultLockTest, DeadLockIsMovedAside) {
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

TEST_F(ResultLockTest, ZombieIsDead) {
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

TEST_F(ResultLockTest, LocksOfOthers) {
  const fs::path running = in("run.running.h5");
  write_lock(running, "skewbench", "another-host", getpid(), "2024-05-01T10:00:00Z");
  EXPECT_NE(why_result_cannot_start(in("run.h5")).find("on host another-host"), std::string::npos);
  write_lock(running, "skewbench", host_name(), getpid(), "2999-01-01T00:00:00Z");
  EXPECT_NE(why_result_cannot_start(in("run.h5")).find("is being written"), std::string::npos);
  write_lock(running, "skewbench", host_name(), getpid(), "2001-01-01T00:00:00Z");
  EXPECT_EQ(why_result_cannot_start(in("run.h5")), "") << "this process began after the file: the pid was given out again";
}

TEST_F(ResultLockTest, ForeignFileUnderTheRunningName) {
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

TEST_F(ResultLockTest, BadPaths) {
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

}  // namespace
}  // namespace skewbench::train
