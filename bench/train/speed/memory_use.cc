#include "bench/train/speed/memory_use.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <string>

#include "bench/train/evaluation.h"
#include "bench/train/speed/verdict.h"
#include "bench/train/speed/workers.h"

namespace skewbench::train {
namespace {

constexpr int kSteps = 2;
constexpr int64_t kCheckedSamples = 9;  // one more than LeNet takes at a time

/// Peak resident set of this process in bytes, pages that it shares with other ranks included.
double peak_resident_bytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("VmHWM:")) return 1024 * std::stod(line.substr(6));
  fail("/proc/self/status does not tell this process's peak resident set (VmHWM)");
}

}  // namespace

bool measure_memory(const Settings& settings, const CaseData& data, double required_gigabytes,
                    const exchange::Communicator& communicator) {
  const auto task = make_task<float>(settings, data.dataset);
  Workers workers(settings, data.dataset, data.partition, *task, communicator);
  Run<float>& run = workers.run();
  Evaluator<float> evaluator(run, data.dataset, settings.eval_samples, settings.eval_workers);
  for (int step = 0; step < kSteps; ++step) workers.step();
  const EvaluationNumbers numbers = evaluator.evaluate(/*full=*/false);

  enum { kPeak, kState, kBuffers, kSamples, kFaults, kCount };
  std::array<double, kCount> sums{};
  sums[kPeak] = peak_resident_bytes();
  sums[kState] = static_cast<double>(run.state().bytes());
  sums[kBuffers] = static_cast<double>(run.exchange().buffer_bytes());
  sums[kSamples] = static_cast<double>(data.dataset.train.samples.size() + data.dataset.test.samples.size());
  Settings plain = settings;
  plain.hyper.plain_loops = true;  // after the peak was read: its network is not the run's
  const auto reference = make_task<float>(plain, data.dataset);
  const Verdict checked =
      check_gradient(*task, *reference, run.x(run.first()), [&] { return run.draw(run.first(), kCheckedSamples); });
  sums[kFaults] = checked == Verdict::passed && workers.is_finite() && std::isfinite(numbers.loss_of_average) ? 0 : 1;
  MPI_CALL(MPI_Allreduce(MPI_IN_PLACE, sums.data(), kCount, MPI_DOUBLE, MPI_SUM, communicator.handle()));

  const bool is_right = sums[kFaults] == 0;
  if (communicator.rank() == 0) {
    const double gigabytes = 1e-9 * sums[kPeak];
    const std::string name = fmt::format("{} {}", settings.options.text("algorithm"), settings.topology.name);
    if (!is_right)
      fmt::print("INCORRECT {} workers, {}: a gradient is not that of plain loops, or a loss not finite\n", settings.workers, name);
    else
      fmt::print("{:<8}{:>5} {:<24}{:>6.2f}{:>7.2f}{:>8.3f}{:>7.2f}  {}\n", "PASSED", settings.workers, name, gigabytes,
                 1e-9 * sums[kState], 1e-9 * sums[kBuffers], 1e-9 * sums[kSamples],
                 requirement(fmt::format("< {:g} GB", required_gigabytes), gigabytes < required_gigabytes));
  }
  return is_right;
}

}  // namespace skewbench::train
