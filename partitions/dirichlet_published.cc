#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "partitions/dirichlet.h"
#include "partitions/shares.h"

namespace skewbench::partitions {
namespace {

constexpr int kGroupSize = 10;  // "auxiliary workers" of the published rule
constexpr int kMaxRedraws = 100000;

// Dir(alpha * 1_k) with full workers at zero, normalised; empty if nothing is left of it.
std::vector<double> draw_proportions(double alpha, const std::vector<std::vector<int64_t>>& held, double full,
                                     Random& random) {
  std::vector<double> p(held.size());
  for (double& value : p) value = random.log_gamma_draw(alpha);
  const double largest = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (std::size_t j = 0; j < p.size(); ++j) {
    p[j] = static_cast<double>(held[j].size()) < full ? std::exp(p[j] - largest) : 0.0;
    sum += p[j];
  }
  if (sum == 0.0) return {};
  for (double& value : p) value /= sum;
  return p;
}

// Step 2 of the published rule for one group: the lists of its k workers.
Partition fill_group(double alpha, std::span<const int64_t> samples, std::span<const int32_t> labels, int classes,
                     int k, Random random) {
  const auto buckets = bucket_by_class(samples, labels, classes);
  const double even = static_cast<double>(samples.size()) / k;
  const auto smallest_allowed = static_cast<std::size_t>(0.5 * static_cast<double>(samples.size()) / k);
  for (int redraw = 0; redraw < kMaxRedraws; ++redraw) {
    Partition held(static_cast<std::size_t>(k));
    for (const auto& bucket : buckets) {
      const std::vector<double> p = draw_proportions(alpha, held, even, random);
      double cumulative = 0;
      std::ptrdiff_t begin = 0;
      for (std::size_t j = 0; j < held.size(); ++j) {
        if (!p.empty()) cumulative += p[j];
        const bool is_last = j + 1 == held.size();
        // min: the rounded sum may exceed 1 by an ulp, and a cut must not pass the end.
        const std::ptrdiff_t end =
            is_last ? std::ssize(bucket)
                    : std::min(std::ssize(bucket),
                               static_cast<std::ptrdiff_t>(cumulative * static_cast<double>(bucket.size())));
        held[j].insert(held[j].end(), bucket.begin() + begin, bucket.begin() + end);
        begin = end;
      }
    }
    const auto smallest = std::ranges::min_element(held, {}, [](const auto& list) { return list.size(); });
    if (smallest->size() >= smallest_allowed) return held;
  }
  fail(
      "dirichlet-published:{} found no split of {} samples of {} classes that leaves each of {} workers at least {} in "
      "{} draws; use a larger ALPHA, or dirichlet:{}",
      alpha, samples.size(), classes, k, smallest_allowed, kMaxRedraws, alpha);
}

}  // namespace

Partition dirichlet_published_partition(double alpha, std::span<const int32_t> labels, int classes, int workers,
                                        uint64_t seed) {
  const auto order = permutation(std::ssize(labels), partition_random(seed, 0, Draw::order));
  const double samples_per_group = static_cast<double>(kGroupSize) / workers * static_cast<double>(labels.size());
  std::vector<int64_t> joined;
  joined.reserve(order.size());
  auto begin = order.begin();
  for (int first = 0; first < workers; first += kGroupSize) {
    const bool is_last = first + kGroupSize >= workers;
    const auto end = is_last ? order.end() : begin + static_cast<int64_t>(samples_per_group);
    const int k = std::min(kGroupSize, workers - first);
    for (const auto& list :
         fill_group(alpha, {begin, end}, labels, classes, k, partition_random(seed, first, Draw::proportions))) {
      joined.insert(joined.end(), list.begin(), list.end());
    }
    begin = end;
  }
  return cut_equally(joined, workers);
}

}  // namespace skewbench::partitions
