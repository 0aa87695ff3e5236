// build/bin/bench_kernels: how fast is each kernel, on the host and on a CUDA device?
//
// Axes: operation and direction, layer of a network (shapes/*.txt), batch size, place, back end and version, cold or hot cache.
// A row has its verdict first: the result was compared with the reference before and after it was timed. The rest are
// times (minimum, median, 95th percentile), their spread, rates from the median, the share of the roofline that was measured
// at the start of this run and what bounds it (c: compute, m: memory), and the ratio to the first contestant (vendor's on the
// device, oneDNN on the host): above 1 this one is faster.
//
//   build/bin/bench_kernels --only 'conv2d/forward/resnet20.conv16/n:32/'
//   build/bin/bench_kernels --networks lenet --batches 1,32 --place host --out build/bench/lenet
//   build/cuda_on_cpu/bin/bench_kernels --place device     kernels translated for the CPU: counts instead of times
//
// Rates count what any version must do: a row whose arrays stay in the cache, or that skips taps on the padding, can exceed
// 100 % of the roofline.
#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "bench/kernels/operations.h"
#include "bench/kernels/peaks.h"
#include "bench/kernels/results.h"
#include "bench/kernels/runner.h"
#include "bench/train/environment.h"
#include "kernels/base/error.h"

namespace skewbench::bench_kernels {
namespace {

struct CommandLine {
  std::string shapes = "bench/kernels/shapes", place = "all", cache = "all", out, counts;
  std::vector<std::string> networks;
  std::vector<int64_t> batches = {1, 8, 32, 128};
  RunOptions run;
  bool is_list = false, needs_gpu = false;
};

void describe(CLI::App& app, CommandLine& line) {
  app.add_option("--shapes", line.shapes, "folder with the files of shapes")->capture_default_str();
  app.add_option("--networks", line.networks, "only these files of it: lenet,resnet20")->delimiter(',');
  app.add_option("--batches", line.batches, "batch sizes")->delimiter(',')->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--place", line.place, "where")->check(CLI::IsMember({"all", "host", "device"}))->capture_default_str();
  app.add_option("--cache", line.cache, "cold: each call finds its arrays in memory")->check(CLI::IsMember({"all", "cold", "hot"}))->capture_default_str();
  app.add_option("--only", line.run.only, "a regular expression that the row's name has to contain");
  app.add_option("--min-time", line.run.min_time_s, "seconds that the samples of a row take together")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--limit", line.run.limit, "multiply-adds and words that a translated kernel takes on")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--out", line.out, "write OUT.jsonl and OUT.h5");
  app.add_option("--counts", line.counts, "write what translated kernels counted, for make cuda-report");
  app.add_flag("--needs-gpu", line.needs_gpu, "end with an error where there is no GPU");
  app.add_flag("--list", line.is_list, "print the rows' names and run nothing");
}

/// "" where a GPU is there; a device that is the CPU is none.
std::string why_no_gpu() {
  const std::string reason = device::why_unusable();
  if (!reason.empty()) return reason;
  return device::properties().is_on_cpu ? "these kernels run translated on the CPU" : "";
}

Facts facts_of(const Peaks& host, const Peaks& on_device, const std::string& device_name, const std::string& argv) {
  const auto cores = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  Facts facts = train::describe_environment({1, cores, false}, argv);
  facts.emplace_back("device", device_name);
  facts.emplace_back("host_peak_bytes_per_second", fmt::format("{:.6g}", host.bytes_per_second));
  facts.emplace_back("host_peak_flops_per_second", fmt::format("{:.6g}", host.flops_per_second));
  facts.emplace_back("device_peak_bytes_per_second", fmt::format("{:.6g}", on_device.bytes_per_second));
  facts.emplace_back("device_peak_flops_per_second", fmt::format("{:.6g}", on_device.flops_per_second));
  facts.emplace_back("device_peak_tensor_flops_per_second", fmt::format("{:.6g}", on_device.tensor_flops_per_second));
  return facts;
}

void print_peaks(const CommandLine& line, const Peaks& host, const Peaks& on_device, const std::string& device_name) {
  if (line.run.on_host) fmt::print("# host: one core, {:.1f} GB/s triad, {:.1f} GFLOP/s FMA\n", 1e-9 * host.bytes_per_second, 1e-9 * host.flops_per_second);
  if (!line.run.on_device) fmt::print("# device: {}\n", device_name);
  else if (on_device.bytes_per_second == 0) fmt::print("# device: {}: counts, no times\n", device_name);
  else fmt::print("# device: {}, {:.0f} GB/s triad, {:.0f} GFLOP/s FMA, {:.0f} GFLOP/s tf32 tensor cores\n", device_name,
                  1e-9 * on_device.bytes_per_second, 1e-9 * on_device.flops_per_second, 1e-9 * on_device.tensor_flops_per_second);
}

void add_contests(Runner& runner, const CommandLine& line) {
  for (const Shape& shape : read_shapes(line.shapes)) {
    if (!line.networks.empty() && std::find(line.networks.begin(), line.networks.end(), shape.network) == line.networks.end()) continue;
    for (const int64_t n : line.batches)
      for (Contest& contest : contests_of(shape, n)) runner.add(std::move(contest));
  }
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  REQUIRE(!error, "the folder {} cannot be written: {}", folder.string(), error.message());
}

int run(CommandLine line, const std::string& argv) {
  const std::string no_gpu = why_no_gpu(), no_device = device::why_unusable();
  REQUIRE(!line.needs_gpu || no_gpu.empty(), "there is no GPU here: {}", no_gpu);
  line.run.on_host = line.place != "device", line.run.on_device = line.place != "host" && no_device.empty();
  line.run.cold = line.cache != "hot", line.run.hot = line.cache != "cold";
  REQUIRE(line.place != "device" || line.run.on_device, "no row for --place device: {}", no_device);

  const bool writes = !line.out.empty() && !line.is_list;
  if (writes) make_folder(std::filesystem::absolute(line.out).parent_path());

  Peaks host, on_device;
  if (!line.is_list && line.run.on_host) host = host_peaks();
  if (!line.is_list && line.run.on_device && no_gpu.empty()) on_device = device_peaks();
  const std::string device_name = !no_device.empty() ? no_device : device::properties().name;
  std::optional<Results> results;
  if (writes) results.emplace(line.out, facts_of(host, on_device, device_name, argv));
  std::vector<Row> rows;
  Runner runner(line.run, host, on_device, [&](const Row& row) {
    rows.push_back(row);
    if (results) results->add(row);
  });
  add_contests(runner, line);
  REQUIRE(!runner.names().empty(), "no row fits; --list prints their names");
  if (line.is_list) {
    for (const std::string& name : runner.names()) fmt::print("{}\n", name);
    return 0;
  }
  print_peaks(line, host, on_device, device_name);
  fmt::print("# {} rows; --only HEADING/ROW runs one again\n", runner.names().size());
  const bool is_right = runner.run();
  if (results) results->finish();
  if (!line.counts.empty()) write_counts(line.counts, rows);
  return is_right ? 0 : 1;
}

}  // namespace
}  // namespace skewbench::bench_kernels

int main(int argc, char** argv) {
  using namespace skewbench;
  omp_set_num_threads(1);
  bench_kernels::CommandLine line;
  CLI::App app("How fast is each kernel, on the host and on a CUDA device?", "bench_kernels");
  bench_kernels::describe(app, line);
  std::string words;
  for (int i = 0; i < argc; ++i) words += (i ? " " : "") + std::string(argv[i]);
  try {
    app.parse(argc, argv);
    int none = 1;
    benchmark::Initialize(&none, argv);
    return bench_kernels::run(line, words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_kernels: {}\n", error.what());
    return 1;
  }
}
