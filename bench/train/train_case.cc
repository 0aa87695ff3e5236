#include "bench/train/train_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <span>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/case_string.h"
#include "bench/train/device_session.h"
#include "bench/train/environment.h"
#include "bench/train/evaluation.h"
#include "bench/train/progress.h"
#include "bench/train/result_file.h"
#include "bench/train/tasks/make_task.h"

namespace skewbench::train {

namespace {

constexpr int64_t kStepsBetweenChecks = 25;  // how often the ranks ask each other whether a loss is not finite

TextPairs describe_topology(const Settings& settings) {
  const auto format = [](const auto& value) { return fmt::format("{}", value); };
  const topology::Topology& topology = settings.topology;
  int diameter = 0, degree = 0;
  double gap = 1;
  for (const topology::Graph& graph : topology.graphs) {
    diameter = std::max(diameter, graph.diameter());
    degree = std::max(degree, graph.max_degree());
    gap = std::min(gap, topology::spectral_gap(topology::metropolis_hastings(graph)));
  }
  return {{"name", topology.name}, {"workers", format(topology.workers)}, {"period", format(topology.period)},
          {"lanes", format(topology.lanes)}, {"diameter", format(diameter)}, {"max_degree", format(degree)},
          {"spectral_gap", fmt::format("{:.6g}", gap)}};
}

/// One case in progress: everything between set-up and the final file.
template <class T>
class TrainingRun {
 public:
  TrainingRun(const Settings& settings, const std::string& out, const std::string& command_line,
              const exchange::Communicator& communicator, CaseData data)
      : settings_(settings), communicator_(communicator), data_(std::move(data)),
        placement_(settings.workers, communicator.size(), communicator.rank()),
        queue_(open_device(settings_, communicator)), memory_(queue_ ? Memory(*queue_) : Memory()),
        state_(placement_.first(), placement_.last(), memory_),
        exchange_(exchange::make_transport(communicator, memory_, settings_.options.text("exchange")), placement_, settings_.topology, meter_),
        cores_(count_cores(communicator.handle())) {
    exchange::agree(communicator, [&] {
      task_ = make_task<T>(settings_, data_.dataset, memory_);
      task_->reserve(settings_.hyper.batch);
      feed_ = std::make_unique<DataFeed>(data_.dataset, data_.partition, placement_.first(), placement_.last(),
                                         settings_.hyper.seed, settings_.augmentation, task_->changes_images());
      run_ = std::make_unique<Run<T>>(*task_, exchange_, state_, *feed_, settings_.hyper);
      algorithm_ = find_algorithm<T>(settings_.options.text("algorithm"))(*run_);
      evaluator_ = std::make_unique<Evaluator<T>>(*run_, data_.dataset, settings_.eval_samples, settings_.eval_workers);
      const int64_t per_step = settings_.hyper.batch * settings_.workers;
      steps_per_epoch_ = data_.dataset.train.count / per_step;
      REQUIRE(steps_per_epoch_ >= 1, "{} workers with batches of {} take {} samples a step; the training set has {}",
              settings_.workers, settings_.hyper.batch, per_step, data_.dataset.train.count);
      steps_ = std::llround(settings_.epochs * static_cast<double>(steps_per_epoch_));
      REQUIRE(steps_ >= 1, "--epochs {} is less than one step; an epoch has {}", settings_.epochs, steps_per_epoch_);
      if (communicator.rank() == 0) file_ = std::make_unique<ResultFile>(out, describe(command_line));
    });
  }

  std::string execute() {
    Progress progress(stdout, communicator_.rank() == 0, steps_, settings_.epochs);
    progress.headline(settings_.case_string);
    progress.headline(summary());
    const auto evaluations = evaluation_steps(settings_.eval_every, steps_per_epoch_, steps_);
    start_ = MPI_Wtime();
    record(0, /*full=*/false, progress);
    if (settings_.trajectory) append_trajectory();
    auto next = evaluations.begin();
    for (int64_t step = 0; step < steps_; ++step) {
      const double epoch = static_cast<double>(step) / static_cast<double>(steps_per_epoch_);
      run_->set_step(step, settings_.learning_rate.at(epoch));
      algorithm_->step(*run_);
      if (settings_.trajectory) append_trajectory();
      progress.step(step + 1, MPI_Wtime() - start_);
      const bool is_due = step + 1 == *next;
      if ((is_due || step % kStepsBetweenChecks == 0) && somebody_diverged()) {
        record(step + 1, /*full=*/false, progress);
        return diverged(fmt::format("the training loss of a worker is not finite by step {}", step + 1), progress);
      }
      if (is_due) {
        ++next;
        const bool full = evaluations.end() - next < 2;  // the last two use the whole test set
        // The last steps change models that no training loss is taken of any more.
        if (!record(step + 1, full, progress))
          return diverged(fmt::format("a model of step {} is not finite, or its test loss is not", step + 1), progress);
      }
    }
    if (const std::string by_hand = queue_ ? describe_by_hand(*queue_) : ""; !by_hand.empty()) progress.headline(by_hand);
    return finish("PASSED", "");
  }

 private:
  std::string diverged(const std::string& reason, Progress& progress) {
    progress.headline("DIVERGED: " + reason);
    return finish("DIVERGED", reason);
  }

  /// What the case comes to, in a line or two of a log.
  std::string summary() {
    std::string text;
    for (const auto& [name, value] : describe_topology(settings_))
      if (name == "diameter" || name == "spectral_gap") text += fmt::format(", {} {}", name == "diameter" ? "diameter" : "spectral gap", value);
    return fmt::format("{} of {} workers{}; {} parameters; {} steps; {} rank{}{}{}", settings_.topology.name, settings_.workers, text,
                       task_->layout().parameters(), steps_, communicator_.size(), communicator_.size() == 1 ? "" : "s",
                       queue_ ? fmt::format(" on {}, {}", describe_device(queue_.get()), exchange_.transport().name()) : "",
                       cores_.is_oversubscribed ? " on fewer cores: its times are no timings" : "");
  }

  RunDescription describe(const std::string& command_line) {
    const auto format = [](const auto& value) { return fmt::format("{}", value); };
    RunDescription description;
    description.case_string = settings_.case_string;
    description.config.assign(settings_.options.all().begin(), settings_.options.all().end());
    description.environment = describe_environment(cores_, command_line);
    description.environment.emplace_back("device", describe_device(queue_.get()));
    description.environment.emplace_back("exchange", exchange_.transport().name());
    description.topology = describe_topology(settings_);
    description.model = {{"parameters", format(task_->layout().parameters())}, {"vector_length", format(task_->layout().size())},
                         {"flops_per_sample", format(task_->flops_per_sample())}};
    const topology::Topology& topology = settings_.topology;
    for (int phase = 0; phase < topology.period; ++phase)
      for (int lane = 0; lane < topology.lanes; ++lane)
        for (const topology::Edge& edge : topology.graph(phase, lane).edges())
          description.edges.push_back({phase, lane, edge.from, edge.to});
    if (task_->has_classes())
      description.class_histogram = partitions::class_histogram(data_.partition, data_.dataset.train.labels, data_.dataset.classes);
    for (const auto& share : data_.partition) description.samples.push_back(std::ssize(share));
    description.evaluated_workers = evaluator_->evaluated_workers();
    description.workers = settings_.workers;
    description.ranks = communicator_.size();
    description.vector_length = task_->layout().parameters();
    description.trajectory = settings_.trajectory;
    return description;
  }

  bool somebody_diverged() {
    int diverged = run_->diverged() ? 1 : 0;
    MPI_CALL(MPI_Allreduce(MPI_IN_PLACE, &diverged, 1, MPI_INT, MPI_MAX, communicator_.handle()));
    return diverged != 0;
  }

  /// Evaluates and appends a row. Returns whether the models and the losses of all evaluated workers are finite.
  bool record(int64_t step, bool full, Progress& progress) {
    EvaluationRow row;
    row.step = step;
    row.epoch = static_cast<double>(step) / static_cast<double>(steps_per_epoch_);
    row.full = full;
    row.train_loss = mean_training_loss(step);
    int64_t samples = feed_->samples_drawn();
    MPI_CALL(MPI_Allreduce(MPI_IN_PLACE, &samples, 1, MPI_INT64_T, MPI_SUM, communicator_.handle()));
    row.samples = samples;
    EvaluationNumbers numbers = evaluator_->evaluate(full);
    row.evaluated_samples = numbers.evaluated_samples;
    row.loss = std::move(numbers.loss);
    row.accuracy = std::move(numbers.accuracy);
    row.loss_of_average = numbers.loss_of_average;
    row.accuracy_of_average = numbers.accuracy_of_average;
    row.consensus_distance = numbers.consensus_distance;
    gather_costs(row);
    row.seconds_total = MPI_Wtime() - start_;
    if (file_) file_->append(row);
    progress.evaluation(row);
    const auto is_finite = [](double number) { return std::isfinite(number); };
    return is_finite(row.consensus_distance) && std::ranges::all_of(row.loss, is_finite);
  }

  double mean_training_loss(int64_t step) {
    exchange::Meter uncounted;
    double sum = 0;
    for (const double loss : exchange::all_gather(communicator_, placement_, uncounted, run_->take_losses())) sum += loss;
    const auto count = static_cast<double>(step - recorded_step_) * settings_.workers;
    recorded_step_ = step;
    return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
  }

  void gather_costs(EvaluationRow& row) {
    std::vector<exchange::EdgeBytes> local;
    for (int i = placement_.first(); i < placement_.last(); ++i) local.push_back(meter_.ledger.sent_by(i));
    exchange::Meter uncounted;
    for (const auto& sent : exchange::all_gather(communicator_, placement_, uncounted, local)) {
      row.payload_bytes.push_back(sent.payload);
      row.wire_bytes.push_back(sent.wire);
    }
    const exchange::PhaseSeconds& mine = meter_.seconds;
    const std::array<double, 5> seconds = {mine.compute, mine.exchange, mine.wait, mine.mix, mine.evaluation};
    std::vector<double> all(seconds.size() * static_cast<std::size_t>(communicator_.size()));
    MPI_CALL(MPI_Allgather(seconds.data(), 5, MPI_DOUBLE, all.data(), 5, MPI_DOUBLE, communicator_.handle()));
    for (std::size_t at = 0; at < all.size(); at += 5) {
      row.seconds_compute.push_back(all[at]);
      row.seconds_exchange.push_back(all[at + 1]);
      row.seconds_wait.push_back(all[at + 2]);
      row.seconds_mix.push_back(all[at + 3]);
      row.seconds_evaluation.push_back(all[at + 4]);
    }
  }

  /// The trainable parameters of all workers, without the gaps of the flat vector, as float64.
  void append_trajectory() {
    std::vector<double> local;
    std::vector<T> x(static_cast<std::size_t>(task_->layout().size()));
    for (int i = placement_.first(); i < placement_.last(); ++i) {
      run_->memory().download(x.data(), run_->x(i), std::ssize(x) * static_cast<int64_t>(sizeof(T)));
      for (const Tensor& tensor : task_->layout().tensors())
        if (tensor.kind != TensorKind::running_statistic)
          local.insert(local.end(), x.begin() + tensor.offset, x.begin() + tensor.offset + tensor.length);
    }
    const auto bytes = std::as_bytes(std::span(local));
    exchange::Meter uncounted;
    const auto all = exchange::all_gather_bytes(communicator_, placement_, uncounted, {bytes.begin(), bytes.end()},
                                                task_->layout().parameters() * static_cast<int64_t>(sizeof(double)));
    if (file_) file_->append_trajectory({reinterpret_cast<const double*>(all.data()), all.size() / sizeof(double)});
  }

  std::string finish(const std::string& verdict, const std::string& reason) {
    const std::vector<EdgeRow> edges = gather_edges();
    exchange::agree(communicator_, [&] {
      if (file_) file_->finish(verdict, reason, edges);
    });
    return verdict;
  }

  std::vector<EdgeRow> gather_edges() {
    std::vector<int64_t> mine, all;
    for (const auto& [edge, bytes] : meter_.ledger.edges())
      mine.insert(mine.end(), {edge.from, edge.to, bytes.payload, bytes.wire});
    int count = static_cast<int>(mine.size());
    std::vector<int> counts(static_cast<std::size_t>(communicator_.size())), offsets;
    MPI_CALL(MPI_Gather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, 0, communicator_.handle()));
    int total = 0;
    for (const int of_rank : counts) {
      offsets.push_back(total);
      total += of_rank;
    }
    all.resize(static_cast<std::size_t>(total));
    MPI_CALL(MPI_Gatherv(mine.data(), count, MPI_INT64_T, all.data(), counts.data(), offsets.data(), MPI_INT64_T, 0,
                         communicator_.handle()));
    std::vector<EdgeRow> edges;
    for (std::size_t at = 0; at + 3 < all.size(); at += 4) edges.push_back({all[at], all[at + 1], all[at + 2], all[at + 3]});
    return edges;
  }

  const Settings& settings_;
  const exchange::Communicator& communicator_;
  const CaseData data_;
  const exchange::Placement placement_;
  exchange::Meter meter_;
  const std::unique_ptr<device::Queue> queue_;  // null on the host
  const Memory memory_;
  StateTable state_;
  exchange::Exchange exchange_;
  const Cores cores_;
  std::unique_ptr<Task<T>> task_;
  std::unique_ptr<DataFeed> feed_;
  std::unique_ptr<Run<T>> run_;
  std::unique_ptr<Algorithm<T>> algorithm_;
  std::unique_ptr<Evaluator<T>> evaluator_;
  std::unique_ptr<ResultFile> file_;  // rank 0
  int64_t steps_per_epoch_ = 0, steps_ = 0, recorded_step_ = 0;
  double start_ = 0;
};

}  // namespace

std::string train_case(const Settings& settings, const std::string& out, const std::string& command_line,
                       const exchange::Communicator& communicator) {
  const auto set_up = [&](auto scalar) {
    using T = decltype(scalar);
    CaseData data;
    exchange::agree(communicator, [&] {
      exchange::Placement(settings.workers, communicator.size(), communicator.rank());
      if (communicator.rank() == 0) {
        const std::string obstacle = why_result_cannot_start(out);
        REQUIRE(obstacle.empty(), "{}", obstacle);
      }
      data = load_case(settings);
    });
    return std::make_unique<TrainingRun<T>>(settings, out, command_line, communicator, std::move(data));
  };
  const auto agreed = [&](auto action) {  // every error of the set-up is the same on all ranks
    try {
      return action();
    } catch (const Error& error) {
      throw AgreedError(error.what());
    }
  };
  if (settings.is_quadratics) return agreed([&] { return set_up(double{}); })->execute();
  return agreed([&] { return set_up(float{}); })->execute();
}

}  // namespace skewbench::train
