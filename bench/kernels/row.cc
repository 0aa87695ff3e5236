#include "bench/kernels/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace skewbench::bench_kernels {
namespace {

double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

int64_t sum(const std::vector<LaunchCount>& launches, int64_t LaunchCount::*part) {
  int64_t total = 0;
  for (const LaunchCount& launch : launches) total += launch.*part;
  return total;
}

/// With three digits, or those before the point.
std::string three_digits(double value) { return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0); }

std::string text_of_seconds(double seconds) {
  if (seconds < 1e-3) return three_digits(1e6 * seconds) + "us";
  return seconds < 1 ? three_digits(1e3 * seconds) + "ms" : three_digits(seconds) + "s";
}

constexpr const char* kColumnsOfTimes = "   min    p50    p95   cv GFLOP/s  GB/s roof   ratio";
std::string text_of_times(const Row& row) {
  return fmt::format("{:>6} {:>6} {:>6} {:>3.0f}% {:>7} {:>5} {:>3.0f}% {}{}", text_of_seconds(row.seconds.minimum),
                     text_of_seconds(row.seconds.p50), text_of_seconds(row.seconds.p95), 100 * row.seconds.cv,
                     row.flops > 0 ? three_digits(row.gflops) : "", three_digits(row.gbps), 100 * row.roofline, row.bound.front(),
                     row.ratio > 0 ? fmt::format(" {:>5}", three_digits(row.ratio)) : "");
}

constexpr const char* kColumnsOfCounts = "    instr.      bytes  of least";
std::string text_of_counts(const Row& row) {
  const int64_t asked = sum(row.launches, &LaunchCount::bytes_read) + sum(row.launches, &LaunchCount::bytes_written);
  const int64_t least = row.least_bytes_read + row.least_bytes_written;
  return fmt::format("{:>10} {:>10} {:>8.2f}  not a GPU timing", sum(row.launches, &LaunchCount::instructions), asked,
                     static_cast<double>(asked) / static_cast<double>(least));
}

}  // namespace

Spread summarise(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  Spread spread;
  spread.samples = static_cast<int64_t>(samples.size());
  spread.minimum = samples.front();
  spread.p50 = percentile(samples, 0.5);
  spread.p95 = percentile(samples, 0.95);
  for (const double sample : samples) spread.mean += sample / static_cast<double>(samples.size());
  double squares = 0;
  for (const double sample : samples) squares += (sample - spread.mean) * (sample - spread.mean);
  spread.cv = samples.size() > 1 ? std::sqrt(squares / static_cast<double>(samples.size() - 1)) / spread.mean : 0;
  return spread;
}

void derive_rates(Row& row, const Peaks& peaks, bool uses_tensor_cores) {
  const double bytes = static_cast<double>(row.least_bytes_read + row.least_bytes_written);
  const double by_memory = bytes / peaks.bytes_per_second;
  const double by_compute = row.flops / (uses_tensor_cores ? peaks.tensor_flops_per_second : peaks.flops_per_second);
  row.gflops = 1e-9 * row.flops / row.seconds.p50;
  row.gbps = 1e-9 * bytes / row.seconds.p50;
  row.bound = by_compute > by_memory ? "compute" : "memory";
  row.roofline = std::max(by_memory, by_compute) / row.seconds.p50;
}

void Table::print(const Row& row, const std::string& contest) {
  if (contest != contest_) {
    fmt::print("\n# {} ({})\n", contest, row.dimensions);
    contest_ = contest, columns_ = nullptr;
  }
  const bool has_passed = row.verdict == "PASSED";
  const char* const columns = row.is_timed ? kColumnsOfTimes : kColumnsOfCounts;
  if (has_passed && columns != columns_) {
    fmt::print("{:26} {}\n", "#", columns);
    columns_ = columns;
  }
  const std::string who = row.name.substr(contest.size() + 1);
  fmt::print("{:<6} {:<19} {}\n", row.verdict, who, !has_passed ? row.reason : row.is_timed ? text_of_times(row) : text_of_counts(row));
  std::fflush(stdout);
}

}  // namespace skewbench::bench_kernels
