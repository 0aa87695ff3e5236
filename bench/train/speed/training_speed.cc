#include "bench/train/speed/training_speed.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "bench/train/speed/clock.h"
#include "bench/train/speed/fma_peak.h"
#include "bench/train/speed/verdict.h"
#include "bench/train/speed/workers.h"
#include "bench/train/tasks/make_task.h"
#include "bench/train/tasks/network_task.h"

namespace skewbench::train {
namespace {

constexpr double kLongestRatio = 1.05;    // seconds a sample, several workers per rank over one
constexpr double kRepetitionSeconds = 0.2;
constexpr int64_t kCheckedSamples = 9;    // plain loops take seconds for a whole batch; LeNet takes 8 at a time

struct Case {
  const char* model;
  const char* dataset;  // generated, of the published set's shape and length
  const char* name;
  double required_share;
};

constexpr Case kCases[] = {{"resnet20", "synthetic:32x32x3,10,50000,10", "resnet20/group 32x32x3", 0.60},
                           {"lenet", "synthetic:28x28x1,10,60000,10", "lenet/group 28x28x1", 0.55}};

// Where the time of a worker's step goes. `rest`: drawing and copying its samples, and what no phase claims.
enum Phase { kForward, kBackward, kUpdate, kExchange, kWait, kMix, kRest, kPhases };

struct Measured {
  double step = 0;                      // seconds of a core for one worker's step
  std::array<double, kPhases> phases{};
};

void sum_over_ranks(const exchange::Communicator& communicator, double* values, int count) {
  MPI_CALL(MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, communicator.handle()));
}

bool on_all_ranks(const exchange::Communicator& communicator, bool is_true) {
  int all = is_true ? 1 : 0;
  MPI_CALL(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, communicator.handle()));
  return all != 0;
}

double mean_over_ranks(const exchange::Communicator& communicator, double value) {
  sum_over_ranks(communicator, &value, 1);
  return value / communicator.size();
}

Settings settings_of(const Case& c, int workers, int64_t batch) {
  Options options;
  options.set("model", c.model);
  options.set("dataset", c.dataset);
  options.set("workers", std::to_string(workers));
  options.set("batch", std::to_string(batch));
  options.set("lr", "0.001");
  return check_options(options);
}

// The sums that the phases are differences of, in the order of Phase; `rest` is made of what is left.
std::array<double, kPhases> clocks(Workers& workers, const Network& network) {
  const exchange::PhaseSeconds& seconds = workers.run().meter().seconds;
  const double forward = network.forward_seconds(), backward = network.backward_seconds();
  return {forward, backward, seconds.compute - forward - backward, seconds.exchange, seconds.wait, seconds.mix, 0};
}

/// From a common start to the end of the last rank.
Measured measure(Workers& workers, const Network& network, int64_t steps, const exchange::Communicator& communicator) {
  Measured measured;
  MPI_CALL(MPI_Barrier(communicator.handle()));
  const auto before = clocks(workers, network);
  const double start = now();
  for (int64_t step = 0; step < steps; ++step) workers.step();
  const double own_end = now();
  const auto after = clocks(workers, network);
  MPI_CALL(MPI_Barrier(communicator.handle()));
  const double end = now(), count = static_cast<double>(steps * workers.run().workers());
  measured.step = mean_over_ranks(communicator, end - start) * communicator.size() / count;
  double claimed = 0;
  for (std::size_t phase = 0; phase < kRest; ++phase) claimed += measured.phases[phase] = after[phase] - before[phase];
  measured.phases[kRest] = own_end - start - claimed;
  measured.phases[kWait] += end - own_end;
  sum_over_ranks(communicator, measured.phases.data(), kPhases);
  for (double& seconds : measured.phases) seconds /= count;
  return measured;
}

class Row {
 public:
  Row(const Case& c, const TrainingSpeedOptions& options, double flops_per_sample, double peak, double core_share)
      : case_(c), options_(options), flops_(flops_per_sample * static_cast<double>(options.batch)), peak_(peak),
        core_share_(core_share) {}

  void print(int workers, const std::vector<Measured>& all) const {
    const auto milliseconds = [&](auto value_of) {
      std::vector<double> values;
      for (const Measured& measured : all) values.push_back(1e3 * value_of(measured));
      return median(values);
    };
    const double step = milliseconds([](const Measured& measured) { return measured.step; }), rate = 1e3 * flops_ / step;
    fmt::print("{:<10}{:<23}{:>4}{:>9.0f}{:>8.1f}{:>7.1f}  {}\n", "PASSED", case_.name, workers,
               1e3 * static_cast<double>(options_.batch) / step, 1e-9 * rate, 100 * rate / peak_,
               judged(fmt::format(">= {:.0f} %", 100 * case_.required_share), rate >= case_.required_share * peak_));
    fmt::print("{:<16}{:>8.2f}", "", step);
    for (std::size_t phase = 0; phase < kPhases; ++phase)
      fmt::print("{:>8.2f}", milliseconds([phase](const Measured& measured) { return measured.phases[phase]; }));
    fmt::print("\n");
  }

  void print_ratio(int few, int many, double ratio) const {
    fmt::print("{:<10}{:<53}{}\n", "", fmt::format("seconds a sample with {} workers : with {} = {:.3f}", many, few, ratio),
               judged(fmt::format("<= {:.2f}", kLongestRatio), ratio <= kLongestRatio));
  }

 private:
  std::string judged(const std::string& what, bool is_reached) const {
    if (options_.is_oversubscribed) return "OVERSUBSCRIBED";
    return core_share_ < kQuietShare ? "DISTURBED" : requirement(what, is_reached);
  }

  const Case& case_;
  const TrainingSpeedOptions& options_;
  double flops_, peak_, core_share_;
};

bool measure_case(const Case& c, const TrainingSpeedOptions& options, double peak, const exchange::Communicator& communicator) {
  const int few = communicator.size(), many = few * options.workers_per_rank;
  const Settings settings_few = settings_of(c, few, options.batch), settings_many = settings_of(c, many, options.batch);
  const CaseData data = load_case(settings_few), data_many = load_case(settings_many);
  // One task for both: other buffers at other addresses would differ by more than what is looked for.
  const auto task = make_task<float>(settings_few, data.dataset);
  const Network& network = dynamic_cast<const NetworkTask&>(*task).network();
  Workers workers_few(settings_few, data.dataset, data.partition, *task, communicator);
  Workers workers_many(settings_many, data.dataset, data_many.partition, *task, communicator);

  Settings plain = settings_few;
  plain.hyper.plain_loops = true;
  Run<float>& run = workers_few.run();
  const auto reference = make_task<float>(plain, data.dataset);
  const Verdict checked =
      check_gradient(*task, *reference, run.initial(), [&] { return run.draw(run.first(), kCheckedSamples); });
  bool is_right = on_all_ranks(communicator, checked == Verdict::passed);
  std::vector<Measured> of_few, of_many;
  std::vector<double> ratios;
  const CoreShare core;
  if (is_right) {
    measure(workers_few, network, 1, communicator);  // makes the plans
    measure(workers_many, network, 1, communicator);
    const double warm = measure(workers_many, network, 1, communicator).step * options.workers_per_rank;
    const int64_t steps = 1 + static_cast<int64_t>(mean_over_ranks(communicator, kRepetitionSeconds / warm));
    for (int64_t repetition = 0; repetition < options.repetitions; ++repetition) {
      // The same number of samples, and by turns first.
      const auto measure_few = [&] {
        of_few.push_back(measure(workers_few, network, steps * options.workers_per_rank, communicator));
      };
      if (repetition % 2 == 0) measure_few();
      of_many.push_back(measure(workers_many, network, steps, communicator));
      if (repetition % 2 == 1) measure_few();
      ratios.push_back(of_many.back().step / of_few.back().step);
    }
  }
  const double core_share = mean_over_ranks(communicator, core.value());
  const bool is_finite = on_all_ranks(communicator, workers_few.is_finite() && workers_many.is_finite());
  if (communicator.rank() == 0) {
    const Row row(c, options, task->flops_per_sample(), peak, core_share);
    if (!is_right) fmt::print("INCORRECT {}: its gradient is not that of plain loops\n", c.name);
    else if (!is_finite) fmt::print("DIVERGED  {}: a loss or a parameter is not finite\n", c.name);
    else {
      row.print(few, of_few);
      row.print(many, of_many);
      row.print_ratio(few, many, median(ratios));
      fmt::print("{}", quietness(core_share));
    }
    std::fflush(stdout);
  }
  return is_right && is_finite;
}

}  // namespace

bool measure_training(const TrainingSpeedOptions& options, const exchange::Communicator& communicator) {
  MPI_CALL(MPI_Barrier(communicator.handle()));
  const double peak = mean_over_ranks(communicator, fma_peak());
  if (communicator.rank() == 0) {
    fmt::print("# Whole training steps: d_psgd on a ring, batch {} per worker, {} ranks\n", options.batch, communicator.size());
    fmt::print("# FMA peak of a core, all ranks at once: {:.1f} GFLOP/s; medians of {}, interleaved\n", 1e-9 * peak,
               options.repetitions);
    fmt::print("{:<37}{:>9}{:>8}{:>7}  required\n", "# verdict network         workers", "samples/s", "GFLOP/s", "% peak");
    fmt::print("#  ms of a step      all forward  backw.  update   exch.    wait     mix    rest\n");
  }
  bool is_right = true;
  for (const Case& c : kCases) is_right &= measure_case(c, options, peak, communicator);
  return is_right;
}

}  // namespace skewbench::train
