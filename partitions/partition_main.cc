// build/bin/partition: splits a training set over workers, shows who has which classes, writes the split to a file.
//
//   build/bin/partition --skew dirichlet:0.1 --workers 16 --out split.h5 --figure split.svg
#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "kernels/base/error.h"
#include "partitions/dataset.h"
#include "partitions/histogram_view.h"
#include "partitions/partition.h"
#include "partitions/partition_file.h"

namespace {

using namespace skewbench;
using namespace skewbench::partitions;

struct Options {
  std::string dataset = "fashion_mnist", data, skew = "iid", out, figure;
  int workers = 16;
  uint64_t seed = 1;
  bool list = false;
};

void describe(CLI::App& app, Options& options) {
  app.add_option("--dataset", options.dataset, "what is split (--list names all)")->capture_default_str();
  app.add_option("--data", options.data, "folder of the data files; by default where Debian's package puts them");
  app.add_option("--skew", options.skew, "how it is split (--list names all)")->capture_default_str();
  app.add_option("--workers", options.workers, "number of workers")->capture_default_str();
  app.add_option("--seed", options.seed, "seed of the split and of synthetic data")
      ->capture_default_str()
      ->check([](const std::string& text) {  // CLI11 would take -1 for 2^64 - 1
        return text.starts_with('-') ? fmt::format("{} is negative", text) : std::string();
      });
  app.add_option("--out", options.out, "partition file to write (HDF5); must not exist");
  app.add_option("--figure", options.figure, "class histogram to write (SVG); must not exist");
  app.add_flag("--list", options.list, "print every dataset and every split, one a line, and end");
}

void print_list() {
  for (const Named& entry : list_datasets()) fmt::print("dataset  {:<36} {}\n", entry.name, entry.sentence);
  for (const Named& entry : list_partitioners()) fmt::print("skew     {:<36} {}\n", entry.name, entry.sentence);
}

void write_text(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wx");  // x: fails if it exists
  REQUIRE(file, "{} cannot be written: {}", path, std::strerror(errno));
  const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  REQUIRE((std::fclose(file) == 0) && is_written, "{} cannot be written to its end", path);
}

void run(const Options& options) {
  if (options.list) return print_list();
  for (const std::string& path : {options.out, options.figure}) {  // before the work is done
    REQUIRE(path.empty() || !std::filesystem::exists(path), "{} exists already and is not overwritten", path);
  }
  const Dataset dataset = load_dataset(options.dataset, options.data, options.seed);
  PartitionFile file{options.dataset, options.skew, options.seed, {}, {}};
  file.partition = make_partition(options.skew, dataset.train.labels, dataset.classes, options.workers, options.seed);
  file.histogram = class_histogram(file.partition, dataset.train.labels, dataset.classes);
  const std::string title =
      fmt::format("{}, {} over {} workers, seed {}", options.dataset, options.skew, options.workers, options.seed);
  fmt::print("{}\n{}", title, histogram_text(file.histogram));
  if (!options.out.empty()) write_partition_file(options.out, file);
  if (!options.figure.empty()) write_text(options.figure, histogram_svg(file.histogram, title));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Splits a training set over workers and shows the classes of each.");
  Options options;
  describe(app, options);
  try {
    app.parse(argc, argv);
    run(options);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
  } catch (const std::exception& error) {  // ours, the command line's, and running out of memory
    fmt::print(stderr, "partition: {}\n", error.what());
    return 1;
  }
  return 0;
}
