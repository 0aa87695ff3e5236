// mpirun -np R build/bin/train [options] --out FILE.h5: trains one case and writes its result file.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>

#include <cstdlib>
#include <optional>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/case_string.h"
#include "bench/train/models/cuda_operations.h"
#include "bench/train/tasks/make_task.h"
#include "bench/train/train_case.h"
#include "kernels/base/names.h"

namespace skewbench::train {
namespace {

/// Everything that can be named, one a line: kind, name, sentence, with tabs between.
void print_list() {
  const auto print = [](const char* kind, const std::vector<Named>& table) {
    for (const Named& entry : table) fmt::print("{}\t{}\t{}\n", kind, entry.name, entry.sentence);
  };
  print("algorithm", list_algorithms());
  print("topology", topology::list_topologies());
  print("skew", partitions::list_partitioners());
  print("dataset", list_all_datasets());
  print("model", list_all_models());
  print("norm", {{"none", "no normalisation; the published response normalisation where a network has one"},
                 {"batch", "batch norm, with running statistics in evaluation"},
                 {"group", "group norm with 2 groups a layer, group:G with G"}});
  for (const Ladder& ladder : list_ladders()) {
    std::string rungs;
    for (const Rung& rung : ladder.rungs) rungs += fmt::format("{}v{} {}", rungs.empty() ? "" : ", ", rung.number, rung.idea);
    fmt::print("operation\t{}\t{}{}\n", ladder.name, rungs, ladder.has_vendor ? "; cuDNN" : "");
  }
  for (const Option& option : option_table())
    fmt::print("option\t{}\t{} (default: {})\n", option.name, option.sentence, *option.standard ? option.standard : "empty");
}

struct CommandLine {
  std::string out;
  bool list = false, show_case = false, help = false;
  Options options;
  std::string help_text;
};

CommandLine parse(int argc, char** argv) {
  CommandLine line;
  CLI::App app{"Trains one case with decentralized workers and writes its result file.", "train"};
  app.set_help_flag();
  app.allow_extras();
  std::map<std::string, std::string> given;
  for (const Option& option : option_table()) {
    const std::string flag = std::string("--") + option.name;
    if (std::string(option.standard) == "false") {
      app.add_flag_callback(flag, [&given, name = option.name] { given[name] = "true"; }, option.sentence);
    } else {
      app.add_option_function<std::string>(
             flag, [&given, name = option.name](const std::string& value) { given[name] = value; }, option.sentence)
          ->default_str(option.standard)->type_name("");
    }
  }
  std::string case_string;
  app.add_option("--out", line.out, "the result file, NAME.h5; a folder with a slash at its end: named after the case in it")->type_name("");
  const auto* case_option = app.add_option("--case", case_string, "all options in one string, as results and logs print it")->type_name("");
  app.add_flag("--list", line.list, "print everything that can be named, with a sentence each");
  app.add_flag("--show-case", line.show_case, "print the case string of the options and stop");
  app.add_flag("-h,--help", line.help, "print this help");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    fail("{}", error.what());
  }
  if (line.help) line.help_text = app.help();
  for (const std::string& extra : app.remaining()) {
    std::vector<std::string> known;
    for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
    if (extra.starts_with("-")) fail_unknown("option", extra, known);
    fail("'{}' is no option; options start with --", extra);
  }
  REQUIRE(case_option->count() == 0 || given.empty(), "--case holds all options; --{} beside it would contradict it", given.begin()->first);
  if (case_option->count() > 0) line.options = from_case_string(case_string);
  for (const auto& [name, value] : given) line.options.set(name, value);
  return line;
}

/// One process of several under a launcher speaks for all, before MPI has said who is who.
bool speaks_for_all() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"})
    if (const char* rank = std::getenv(name)) return std::atoi(rank) == 0;
  return true;
}

/// Options are looked at before MPI starts: they are the same on every rank, and so is what is wrong with them.
int run(int argc, char** argv) {
  const bool speaks = speaks_for_all();
  CommandLine line;
  std::optional<Settings> settings;
  try {
    line = parse(argc, argv);
    if (!line.help && !line.list) settings = check_options(line.options);
    REQUIRE(line.help || line.list || line.show_case || !line.out.empty(), "--out FILE.h5 is missing: where the result goes");
  } catch (const Error& error) {
    if (speaks) fmt::print(stderr, "train: {}\n", error.what());
    return 1;
  }
  if (speaks && line.help) fmt::print("{}", line.help_text);
  if (speaks && line.list) print_list();
  if (speaks && line.show_case) fmt::print("{}\n", settings->case_string);
  if (line.help || line.list || line.show_case) return 0;

  const std::string out = line.out.back() == '/' ? line.out + case_file_name(settings->case_string) + ".h5" : line.out;
  const exchange::MpiSession session(&argc, &argv);
  const exchange::Communicator communicator;
  try {
    train_case(*settings, out, fmt::format("{}", fmt::join(argv, argv + argc, " ")), communicator);
    return 0;
  } catch (const AgreedError& error) {
    if (communicator.rank() == 0) fmt::print(stderr, "train: {}\n", error.what());
    return 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "train: rank {}: {}\n", communicator.rank(), error.what());
    std::fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, 1);  // the other ranks may be waiting for this one
    return 1;
  }
}

}  // namespace
}  // namespace skewbench::train

int main(int argc, char** argv) {
  omp_set_num_threads(1);  // a rank computes on one thread, whatever OMP_NUM_THREADS says; more cores mean more ranks
  try {
    return skewbench::train::run(argc, argv);
  } catch (const std::exception& error) {
    if (*error.what()) fmt::print(stderr, "train: {}\n", error.what());
    return 1;
  }
}
