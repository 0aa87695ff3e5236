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

std::string text_of_times(const Row& row) {
  const std::string ratio = row.ratio > 0 ? fmt::format("{:.2f} {}", row.ratio, row.ratio_to) : "";
  return fmt::format("{:>10.2f}{:>10.2f}{:>10.2f}{:>8.1f}{:>10.1f}{:>8.1f}{:>6.0f} {:<8}{:<14}", 1e6 * row.seconds.minimum,
                     1e6 * row.seconds.p50, 1e6 * row.seconds.p95, 100 * row.seconds.cv, row.gflops, row.gbps, 100 * row.roofline,
                     row.bound, ratio);
}

std::string text_of_counts(const Row& row) {
  const int64_t asked = sum(row.launches, &LaunchCount::bytes_read) + sum(row.launches, &LaunchCount::bytes_written);
  const int64_t least = row.least_bytes_read + row.least_bytes_written;
  return fmt::format("not a GPU timing: {} launches, {} instructions, {} bytes asked for, {:.2f} of the least", row.launches.size(),
                     sum(row.launches, &LaunchCount::instructions), asked, static_cast<double>(asked) / static_cast<double>(least));
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

void print_header() {
  fmt::print("{:<11}{:<7}{:<20}{:<40}{:<24}{:>4} {:<5}{:>10}{:>10}{:>10}{:>8}{:>10}{:>8}{:>6} {:<8}{:<14}{}\n", "# verdict", "place", "back end",
             "operation", "shape", "n", "cache", "min", "p50", "p95", "cv", "rate", "rate", "roof", "bound", "ratio", "rerun with --only");
  fmt::print("{:<11}{:<7}{:<20}{:<40}{:<24}{:>4} {:<5}{:>10}{:>10}{:>10}{:>8}{:>10}{:>8}{:>6} {:<8}{:<14}\n", "#", "", "", "", "", "", "", "[us]",
             "[us]", "[us]", "[%]", "[GFLOP/s]", "[GB/s]", "[%]", "", "");
}

void print_row(const Row& row) {
  const std::string who = row.version.empty() ? row.back_end : fmt::format("{} {}", row.version, row.idea);
  fmt::print("{:<11}{:<7}{:<20}{:<40}{:<24}{:>4} {:<5}", row.verdict, row.place, who.substr(0, 19), row.operation, row.shape, row.n,
             row.is_cold ? "cold" : "hot");
  const std::string numbers = row.verdict != "PASSED" ? row.reason : row.is_timed ? text_of_times(row) : text_of_counts(row);
  fmt::print("{}  {}\n", numbers, row.name);
  std::fflush(stdout);
}

}  // namespace skewbench::bench_kernels
