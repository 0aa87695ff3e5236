#include "bench/kernels/runner.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/kernels/heat.h"
#include "kernels/base/error.h"

namespace skewbench::bench_kernels {
namespace {

Row describe(const Contest& contest, const Contestant& contestant, bool is_cold) {
  Row row;
  row.operation = contest.operation, row.shape = contest.shape, row.dimensions = contest.dimensions, row.n = contest.n;
  row.place = contestant.place == Place::host ? "host" : "device";
  row.back_end = contestant.back_end, row.version = contestant.version, row.idea = contestant.idea;
  row.is_cold = is_cold;
  row.flops = contest.flops, row.least_bytes_read = contest.bytes_read, row.least_bytes_written = contest.bytes_written;
  row.name = contest.name() + "/" + contestant.name() + (is_cold ? "/cold" : "/hot");
  return row;
}

/// Makes the contest's data; those of the one before are given up.
void prepare(const std::shared_ptr<Contest>& contest) {
  static std::shared_ptr<Contest> current;
  if (current == contest) return;
  if (current)
    for (Array& array : current->arrays) std::vector<std::byte>().swap(array.before), std::vector<std::byte>().swap(array.want);  // "= {}" keeps memory
  current = contest;
  contest->fill(*contest);
}

double work_of(const Contest& contest) {
  return contest.flops / 2 + static_cast<double>(contest.bytes_read + contest.bytes_written) / 4;
}

bool uses_tensor_cores(const Contestant& contestant) {
  return contestant.place == Place::device && contestant.idea.find("tf32") != std::string::npos;
}

}  // namespace

/// What becomes one row.
struct Runner::Entry {
  std::shared_ptr<Contest> contest;
  const Contestant& contestant;
  Row row;
  bool is_counted;  // a translated kernel
  double limit;
  std::unique_ptr<Heat> heat{};  // kept between the calls that Google Benchmark makes to find its number of iterations

  void stop(benchmark::State& state, const char* verdict, const std::string& reason) {
    row.verdict = verdict, row.reason = reason;
    state.SkipWithError(reason.c_str());
  }

  void call(benchmark::State& state) {
    const double work = work_of(*contest);
    if (!contestant.why_not.empty()) return stop(state, "SKIPPED", contestant.why_not);
    if (is_counted && work > limit)
      return stop(state, "SKIPPED", fmt::format("{:.1e} multiply-adds and words are too many for a translated kernel (--limit {:.0e})", work, limit));
    try {
      measure(state);
    } catch (const std::exception& error) {
      stop(state, "FAILED", error.what());
    }
  }

  void measure(benchmark::State& state) {
    prepare(contest);
    if (!heat) {
      heat = std::make_unique<Heat>(*contest, contestant, row.is_cold);
      if (const std::string wrong = heat->check(); !wrong.empty()) return stop(state, "INCORRECT", wrong);
    }
    constexpr std::size_t kLeastSamples = 5;  // a median of fewer says little; Google Benchmark is content with one slow call
    std::vector<double> samples;
    for (auto _ : state) {
      if (is_counted) row.launches = heat->count();
      else samples.push_back(heat->sample());
      state.SetIterationTime(is_counted ? 1 : samples.back());
    }
    while (!is_counted && samples.size() < kLeastSamples) samples.push_back(heat->sample());
    if (const std::string wrong = heat->check(); !wrong.empty()) return stop(state, "INCORRECT", "after timing: " + wrong);
    row.verdict = "PASSED";
    row.is_timed = !is_counted;
    if (row.is_timed) row.seconds = summarise(samples);
  }
};

Runner::Runner(RunOptions options, Peaks host, Peaks device, std::function<void(const Row&)> keep)
    : options_(std::move(options)), host_(host), device_(device), keep_(std::move(keep)), only_(options_.only) {
  is_translated_ = options_.on_device && device::why_unusable().empty() && device::properties().is_on_cpu;
}

Runner::~Runner() = default;

void Runner::add(Contest given) {
  const auto contest = std::make_shared<Contest>(std::move(given));
  for (const Contestant& contestant : contest->contestants) {
    if (!(contestant.place == Place::host ? options_.on_host : options_.on_device)) continue;
    const bool is_counted = contestant.place == Place::device && is_translated_;
    for (const bool is_cold : {true, false}) {
      if (!(is_cold ? options_.cold : options_.hot) || (is_counted && is_cold)) continue;  // a count knows no cache
      Row row = describe(*contest, contestant, is_cold);
      if (std::regex_search(row.name, only_))
        entries_.push_back(std::make_unique<Entry>(Entry{contest, contestant, std::move(row), is_counted, options_.limit}));
    }
  }
}

std::vector<std::string> Runner::names() const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) names.push_back(entry->row.name);
  return names;
}

void Runner::finish(Entry& entry) {
  entry.heat.reset();
  Row& row = entry.row;
  if (row.is_timed) {
    derive_rates(row, row.place == "host" ? host_ : device_, uses_tensor_cores(entry.contestant));
    const auto [first, is_first] = firsts_.try_emplace(entry.contest->name() + row.place + (row.is_cold ? "cold" : "hot"), row);
    if (!is_first) row.ratio = first->second.seconds.p50 / row.seconds.p50, row.ratio_to = first->second.back_end;
  }
  if (row.verdict == "INCORRECT" || row.verdict == "FAILED") is_right_ = false;
  table_.print(row, entry.contest->name());
  keep_(row);
}

bool Runner::run() {
  /// Google Benchmark's own lines are not printed; a row is, as soon as it is done.
  class Reporter : public benchmark::BenchmarkReporter {
   public:
    explicit Reporter(std::function<void(const std::string&)> done) : done_(std::move(done)) {}
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override { done_(runs.front().run_name.function_name); }

   private:
    std::function<void(const std::string&)> done_;
  };
  std::map<std::string, Entry*> by_name;
  for (const auto& entry : entries_) {
    by_name[entry->row.name] = entry.get();
    auto* const registered = benchmark::RegisterBenchmark(entry->row.name.c_str(), [&](benchmark::State& state) { entry->call(state); });
    registered->UseManualTime()->Unit(benchmark::kMicrosecond);
    if (entry->is_counted) registered->Iterations(1);
    else registered->MinTime(options_.min_time_s);
  }
  Reporter reporter([&](const std::string& name) { finish(*by_name.at(name)); });
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::ClearRegisteredBenchmarks();  // they refer to the entries
  return is_right_;
}

}  // namespace skewbench::bench_kernels
