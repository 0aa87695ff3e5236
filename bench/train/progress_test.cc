// Progress: plain lines in a log, one line that updates itself within 80 columns on a terminal.
#include "bench/train/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmath>
#include <limits>

namespace skewbench::train {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

EvaluationRow example_row() {
  EvaluationRow row;
  row.epoch = 1.5;
  row.loss = {0.5, 0.25, 0.75};
  row.accuracy = {0.85, 0.801, 0.899};
  row.loss_of_average = 0.4;
  row.accuracy_of_average = 0.912;
  row.consensus_distance = 0.123;
  row.seconds_total = 12.34;
  return row;
}

/// What `use` writes to a file that is no terminal.
template <class Use>
std::string logged(bool is_active, Use use) {
  std::FILE* file = std::tmpfile();
  Progress progress(file, is_active, 100, 3);
  use(progress);
  std::string text(static_cast<std::size_t>(std::ftell(file)), ' ');
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return text;
}

/// What `use` writes to a terminal.
template <class Use>
std::string shown(int64_t steps, double epochs, Use use) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return "no pseudo-terminal";
  unsetenv("OMPI_COMM_WORLD_RANK");  // a launcher's own output would decide instead
  std::FILE* terminal = fdopen(open(ptsname(master), O_RDWR | O_NOCTTY), "w");
  Progress progress(terminal, true, steps, epochs);
  use(progress);
  std::string text;
  char buffer[4096];
  for (pollfd ready{master, POLLIN, 0}; poll(&ready, 1, 100) > 0 && (ready.revents & POLLIN);) {
    const auto count = read(master, buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  std::fclose(terminal);
  close(master);
  return text;
}

TEST(Progress, AnEvaluationIsOneLine) {
  EXPECT_EQ(logged(true, [](Progress& progress) { progress.evaluation(example_row()); }),
            "epoch 1.50  loss 0.5 [0.25 0.75]  accuracy 85.0 % [80.1 89.9]  average 91.2 %  consensus 0.12  12.3 s\n");
}

TEST(Progress, WithoutClassesTheLineHasTheLossOfTheAverage) {
  EvaluationRow row = example_row();
  row.accuracy = {kNan, kNan, kNan};
  row.accuracy_of_average = kNan;
  EXPECT_EQ(logged(true, [&](Progress& progress) { progress.evaluation(row); }),
            "epoch 1.50  loss 0.5 [0.25 0.75]  average 0.4  consensus 0.12  12.3 s\n");
}

TEST(Progress, ALossThatIsNotFiniteShows) {
  EvaluationRow row = example_row();
  row.loss = {0.5, kNan, 0.25};
  const std::string line = logged(true, [&](Progress& progress) { progress.evaluation(row); });
  EXPECT_TRUE(line.starts_with("epoch 1.50  loss nan [")) << line;
}

TEST(Progress, ALogHasPlainLinesOnly) {
  const std::string text = logged(true, [](Progress& progress) {
    progress.headline("train:case");
    for (int step = 1; step <= 100; ++step) progress.step(step, step);
    progress.evaluation(example_row());
  });
  EXPECT_TRUE(text.starts_with("train:case\nepoch 1.50")) << text;
  EXPECT_EQ(text.find_first_of("\r\033"), std::string::npos);
}

TEST(Progress, OtherRanksAreSilent) {
  EXPECT_EQ(logged(false, [](Progress& progress) {
    progress.headline("train:case");
    progress.step(50, 10);
    progress.evaluation(example_row());
  }), "");
}

TEST(Progress, OnATerminalOneLineUpdatesItselfWithAnEta) {
  const std::string text = shown(100, 4, [](Progress& progress) {
    progress.step(25, 10);
    progress.step(26, 10.1);  // less than a fifth of a second later
    progress.step(50, 20);
    progress.evaluation(example_row());
    progress.headline("end");
  });
  if (text == "no pseudo-terminal") GTEST_SKIP() << text;
  EXPECT_EQ(text, "\r\033[Kepoch 1.00 of 4  step 25 of 100  10 s  ETA 30 s"
                  "\r\033[Kepoch 2.00 of 4  step 50 of 100  20 s  ETA 20 s"
                  "\r\033[Kepoch 1.50  loss 0.5 [0.25 0.75]  accuracy 85.0 % [80.1 89.9]  average 91.2 %  consensus 0.12  12.3 s\r\nend\r\n");
}

TEST(Progress, TheLineStaysWithin80Columns) {  // a longer one would wrap, and the carriage return leave its first part
  const std::string text = shown(12'345'678, 1000.5, [](Progress& progress) { progress.step(1'234'567, 12'345'678); });
  if (text == "no pseudo-terminal") GTEST_SKIP() << text;
  const std::string line = text.substr(text.find("epoch"));
  EXPECT_LT(line.size(), 80u) << line;
  EXPECT_NE(line.find("ETA"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::train
