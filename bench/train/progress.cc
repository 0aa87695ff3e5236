#include "bench/train/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace skewbench::train {

namespace {

/// Open MPI gives every rank a terminal of its own, whatever mpirun's output is: then the launcher's output decides.
bool shows_on_terminal(std::FILE* out) {
  if (isatty(fileno(out)) != 1) return false;
  if (!std::getenv("OMPI_COMM_WORLD_RANK")) return true;
  char target[256] = "";
  const std::string launcher = fmt::format("/proc/{}/fd/{}", getppid(), fileno(out));
  const auto length = readlink(launcher.c_str(), target, sizeof(target) - 1);
  return length > 0 && std::string_view(target).starts_with("/dev/") && std::string_view(target) != "/dev/null";  // a pipe or a file otherwise
}

}  // namespace

Progress::Progress(std::FILE* out, bool is_active, int64_t steps, double epochs)
    : out_(out), is_active_(is_active), is_terminal_(is_active && shows_on_terminal(out)), steps_(steps), epochs_(epochs) {}

void Progress::clear() {
  if (is_dirty_) fmt::print(out_, "\r\033[K");
  is_dirty_ = false;
}

void Progress::headline(const std::string& text) {
  if (!is_active_) return;
  clear();
  fmt::print(out_, "{}\n", text);
  std::fflush(out_);
}

void Progress::step(int64_t step, double seconds) {
  if (!is_terminal_ || seconds - last_update_ < 0.2 || step == 0) return;
  last_update_ = seconds;
  const double share = static_cast<double>(step) / static_cast<double>(steps_), left = seconds * (1 - share) / share;
  fmt::print(out_, "\r\033[Kepoch {:.2f} of {:g}  step {} of {}  {:.0f} s  ETA {:.0f} s", share * epochs_, epochs_, step, steps_,
             seconds, left);
  std::fflush(out_);
  is_dirty_ = true;
}

void Progress::evaluation(const EvaluationRow& row) {
  if (!is_active_) return;
  clear();
  const auto spread = [](const std::vector<double>& values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    double above = 0;  // summed from the lowest, so that equal values have exactly their value as mean
    for (const double value : values) above += value - *low;
    return std::array{*low + above / static_cast<double>(values.size()), *low, *high};
  };
  const auto [loss, loss_low, loss_high] = spread(row.loss);
  std::string line = fmt::format("epoch {:.2f}  loss {:.4g} [{:.4g} {:.4g}]", row.epoch, loss, loss_low, loss_high);
  if (!std::isnan(row.accuracy_of_average)) {
    const auto [accuracy, low, high] = spread(row.accuracy);
    line += fmt::format("  accuracy {:.1f} % [{:.1f} {:.1f}]  average {:.1f} %", 100 * accuracy, 100 * low, 100 * high,
                        100 * row.accuracy_of_average);
  } else {
    line += fmt::format("  average {:.4g}", row.loss_of_average);
  }
  fmt::print(out_, "{}  consensus {:.2g}  {:.1f} s\n", line, row.consensus_distance, row.seconds_total);
  std::fflush(out_);
}

}  // namespace skewbench::train
