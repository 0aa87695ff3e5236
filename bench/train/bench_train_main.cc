// build/bin/bench_train: what training costs in time and memory. `make bench-train` starts it in all its modes.
//
//   bench_train                                 the networks alone on one core
//   mpirun -np R bench_train --training         whole steps: 1 and 8 workers per rank
//   mpirun -np R bench_train --memory WORKERS   peak memory of all ranks; one case per process
//
// Shares are of the core's FMA peak, measured in the same run by independent chains of fused multiply-adds in registers.
// FLOPs are 2 x multiply-adds of convolutions and linear layers only, three times forward less the first layer's input
// gradient; so norms, pooling and the update count as time without work. Taps on the padding count as work, as
// everywhere, but a kernel may skip them: a third of them on a 7x7 image under a 5x5 filter. So a network of small
// images can come out above 100 %.
//
// Numbers are printed for what is right only: gradients equal those of plain loops, losses are finite.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <omp.h>

#include <exception>
#include <map>
#include <optional>
#include <string>

#include "bench/train/environment.h"
#include "bench/train/speed/memory_use.h"
#include "bench/train/speed/network_speed.h"
#include "bench/train/speed/training_speed.h"
#include "bench/train/tasks/make_task.h"
#include "bench/train/train_case.h"

namespace skewbench::train {
namespace {

struct CommandLine {
  NetworkSpeedOptions networks;
  TrainingSpeedOptions training;
  bool is_training = false;
  int memory_workers = 0;
  double memory_limit = 4;
  Options options;  // of the memory case
};

void describe(CLI::App& app, CommandLine& line) {
  app.add_option("--batch", line.networks.batch, "samples per worker and step")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--repetitions", line.networks.repetitions, "medians are of so many")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--micro-batch", line.networks.micro_batch, "networks alone: samples at a time; 0: each model's own")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--layers", line.networks.layers, "networks alone: also where the time goes, layer by layer");
  app.add_flag("--training", line.is_training, "whole training steps on all ranks");
  app.add_option("--memory", line.memory_workers, "peak memory of so many workers of LeNet on all ranks")->check(CLI::PositiveNumber);
  app.add_option("--limit", line.memory_limit, "memory: the GB that are allowed")->check(CLI::PositiveNumber)->capture_default_str();
  for (const std::string name : {"algorithm", "topology", "dataset", "data"}) {
    const auto set = [&line, name](const std::string& value) { line.options.set(name, value); };
    app.add_option_function<std::string>("--" + name, set, "memory: as the driver's")->default_str(line.options.text(name));
  }
}

void print_header(const exchange::Communicator& communicator, bool& is_oversubscribed) {
  const Cores cores = count_cores(communicator.handle());
  is_oversubscribed = cores.is_oversubscribed;
  if (communicator.rank() != 0) return;
  std::map<std::string, std::string> known;
  for (const auto& [key, value] : describe_environment(cores, "")) known[key] = value;
  fmt::print("# {}, {}, oneDNN {}\n# ranks: {} of one thread; cores: {}; {}oversubscribed\n", known["cpu"], known["instruction_set"],
             known["onednn"], cores.ranks, cores.cores, cores.is_oversubscribed ? "" : "not ");
}

struct MemoryCase {
  Settings settings;
  CaseData data;
};

/// What can be refused is refused here, before anybody measures. A case where memory is asked for.
std::optional<MemoryCase> prepare(CommandLine& line, const exchange::Communicator& communicator) {
  const int ranks = communicator.size();
  if (line.memory_workers > 0) {
    line.options.set("workers", std::to_string(line.memory_workers));
    line.options.set("batch", std::to_string(line.networks.batch));
    line.options.set("lr", "0.001");
    MemoryCase memory{check_options(line.options), {}};
    REQUIRE(!memory.settings.is_quadratics, "--dataset quadratics: memory is measured with the images of a network");
    exchange::Placement(memory.settings.workers, ranks, communicator.rank());
    memory.data = load_case(memory.settings);
    return memory;
  }
  if (line.is_training) {
    REQUIRE(ranks >= 2, "whole training steps are measured on 2 ranks or more, not on {}", ranks);
  } else {
    REQUIRE(ranks == 1, "the networks alone are measured on 1 rank, not on {}; --training uses all", ranks);
  }
  return std::nullopt;
}

bool measure(CommandLine& line, const exchange::Communicator& communicator) {
  std::optional<MemoryCase> memory;
  try {
    exchange::agree(communicator, [&] { memory = prepare(line, communicator); });
  } catch (const Error& error) {
    throw AgreedError(error.what());
  }
  if (memory) return measure_memory(memory->settings, memory->data, line.memory_limit, communicator);
  print_header(communicator, line.training.is_oversubscribed);
  line.training.batch = line.networks.batch;
  line.training.repetitions = line.networks.repetitions;
  return line.is_training ? measure_training(line.training, communicator) : measure_networks(line.networks);
}

}  // namespace
}  // namespace skewbench::train

int main(int argc, char** argv) {
  using namespace skewbench;
  omp_set_num_threads(1);
  train::CommandLine line;
  CLI::App app("What training costs in time and memory, as shares of what a core can do", "bench_train");
  train::describe(app, line);
  try {
    const exchange::MpiSession session(&argc, &argv);
    const exchange::Communicator communicator;
    try {
      app.parse(argc, argv);
      return train::measure(line, communicator) ? 0 : 1;
    } catch (const CLI::ParseError& error) {
      return communicator.rank() == 0 ? app.exit(error) : error.get_exit_code();
    } catch (const train::AgreedError& error) {
      if (communicator.rank() == 0) fmt::print(stderr, "bench_train: {}\n", error.what());
      return 1;
    } catch (const std::exception& error) {
      fmt::print(stderr, "bench_train: rank {}: {}\n", communicator.rank(), error.what());
      std::fflush(stderr);
      MPI_Abort(MPI_COMM_WORLD, 1);  // the other ranks may be waiting for this one
    }
  } catch (const std::exception& error) {
    if (*error.what()) fmt::print(stderr, "bench_train: {}\n", error.what());
  }
  return 1;
}
