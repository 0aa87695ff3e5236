#include "kernels/cuda_on_cpu/mutant_trials.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <sstream>

#include "kernels/base/error.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr double kWallFactor = 20;  // of a trial's processor time: a child that sleeps for ever is found out too
constexpr int kPassed = 0, kFailed = 1, kBroken = 2;

double wall_now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

pid_t fork_or_fail() {
  std::fflush(nullptr);  // or the child prints what is buffered once more
  const pid_t child = fork();
  REQUIRE(child >= 0, "fork failed: {}", std::strerror(errno));
  return child;
}

// Only the processor time counts: a loaded machine makes no mutant late. SIGPROF ends the process.
void limit_processor_time(double seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec = static_cast<suseconds_t>(1e6 * (seconds - static_cast<double>(timer.it_value.tv_sec)));
  setitimer(ITIMER_PROF, &timer, nullptr);
}

void be_silent() {
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

// The number of the failing test goes through the pipe, the rest is the exit code.
[[noreturn]] void try_mutant(const Trial& trial, int answer, const std::function<bool(uint32_t, std::size_t)>& passes) {
  be_silent();
  for (const TimedTest& test : trial.tests) {
    const auto sent = write(answer, &test.number, sizeof test.number);  // before it starts: a crash is that test's as well
    if (sent != sizeof test.number) _exit(kBroken);
    limit_processor_time(test.limit_s);
    if (!passes(trial.mutant, test.number)) _exit(kFailed);
  }
  _exit(kPassed);
}

double wall_limit(const Trial& trial) {
  double sum = 0;
  for (const TimedTest& test : trial.tests) sum += test.limit_s;
  return kWallFactor * sum;
}

struct Child {
  std::size_t trial;
  int answer;  // the pipe's reading end
  double start;
};

TrialResult judge(const Child& child, int status, double now) {
  TrialResult result{Fate::survived, 0, now - child.start};
  std::size_t test = 0;
  while (read(child.answer, &test, sizeof test) == sizeof test) result.test = test;
  close(child.answer);
  if (WIFSIGNALED(status)) {
    result.fate = WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGKILL ? Fate::late : Fate::crashed;
  } else if (WEXITSTATUS(status) == kFailed) {
    result.fate = Fate::caught;
  } else if (WEXITSTATUS(status) != kPassed) {
    result.fate = Fate::crashed;  // exit() by somebody who gave up
  }
  return result;
}

}  // namespace

std::vector<ObservedTest> observe_tests(const std::function<void(const std::function<void(const ObservedTest&)>& report)>& observe) {
  int ends[2];
  REQUIRE(pipe(ends) == 0, "pipe failed: {}", std::strerror(errno));
  const pid_t child = fork_or_fail();
  if (child == 0) {
    close(ends[0]);
    std::FILE* const out = fdopen(ends[1], "w");
    observe([out](const ObservedTest& test) {
      std::fprintf(out, "%s %.9f", test.name.c_str(), test.processor_seconds);
      for (const std::string& kernel : test.kernels) std::fprintf(out, " %s", kernel.c_str());
      std::fputc('\n', out);
    });
    std::fflush(nullptr);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the tests do not even run through without a mutant (status {})", status);
  std::vector<ObservedTest> tests;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    ObservedTest test;
    words >> test.name >> test.processor_seconds;
    for (std::string kernel; words >> kernel;) test.kernels.push_back(kernel);
    tests.push_back(test);
  }
  return tests;
}

std::vector<TrialResult> run_trials(const std::vector<Trial>& trials, int children,
                                    const std::function<bool(uint32_t mutant, std::size_t test)>& passes,
                                    const std::function<void(std::size_t trial, const TrialResult&)>& tell) {
  std::vector<TrialResult> results(trials.size());
  std::map<pid_t, Child> running;
  std::size_t next = 0;
  while (next < trials.size() || !running.empty()) {
    while (next < trials.size() && static_cast<int>(running.size()) < children) {
      int ends[2];
      REQUIRE(pipe(ends) == 0, "pipe failed: {}", std::strerror(errno));
      const pid_t pid = fork_or_fail();
      if (pid == 0) try_mutant(trials[next], ends[1], passes);
      close(ends[1]);
      running[pid] = {next++, ends[0], wall_now()};
    }
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (const auto child = running.find(ended); ended > 0 && child != running.end()) {
      results[child->second.trial] = judge(child->second, status, wall_now());
      tell(child->second.trial, results[child->second.trial]);
      running.erase(child);
      continue;
    }
    for (const auto& [pid, child] : running)
      if (wall_now() - child.start > wall_limit(trials[child.trial])) kill(pid, SIGKILL);
    usleep(500);
  }
  return results;
}

}  // namespace skewbench::cuda_on_cpu
