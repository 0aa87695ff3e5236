#include "partitions/dirichlet.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "partitions/shares.h"

namespace skewbench::partitions {
namespace {

constexpr int kMaxSweeps = 2000;
constexpr int64_t kMaxWork = 200'000'000;  // entries visited: seconds at most, for any number of workers and classes
constexpr double kTolerance = 0.5;         // samples of a class; the rounding that follows moves as many

// A matrix [workers, classes] with the row and column sums it must have.
template <class T>
struct Table {
  int64_t workers, classes;
  std::vector<T> values = std::vector<T>(static_cast<std::size_t>(workers * classes));

  T& at(int64_t w, int64_t c) { return values[static_cast<std::size_t>(w * classes + c)]; }
};
using Sums = std::vector<int64_t>;

// log Σ exp of `count` values that lie `stride` apart.
double log_sum(const double* values, int64_t count, int64_t stride) {
  double largest = values[0], sum = 0;
  for (int64_t i = 1; i < count; ++i) largest = std::max(largest, values[i * stride]);
  for (int64_t i = 0; i < count; ++i) sum += std::exp(values[i * stride] - largest);
  return largest + std::log(sum);
}

// Scales rows and columns in turn (iterative proportional fitting). All in logarithms.
void fit_to_sums(Table<double>& log_counts, const Sums& shares, const Sums& supply) {
  const int64_t workers = log_counts.workers, classes = log_counts.classes;
  const auto sweeps = std::clamp<int64_t>(kMaxWork / (workers * classes), 1, kMaxSweeps);
  for (int64_t sweep = 0; sweep < sweeps; ++sweep) {
    double largest_error = 0;
    for (int64_t c = 0; c < classes; ++c) {
      const auto wanted = static_cast<double>(supply[static_cast<std::size_t>(c)]);
      const double log_total = log_sum(&log_counts.at(0, c), workers, classes);
      largest_error = std::max(largest_error, std::abs(std::exp(log_total) - wanted));
      for (int64_t w = 0; w < workers; ++w) log_counts.at(w, c) += std::log(wanted) - log_total;
    }
    for (int64_t w = 0; w < workers; ++w) {
      const double log_total = log_sum(&log_counts.at(w, 0), classes, 1);
      const double shift = std::log(static_cast<double>(shares[static_cast<std::size_t>(w)])) - log_total;
      for (int64_t c = 0; c < classes; ++c) log_counts.at(w, c) += shift;
    }
    if (sweep > 0 && largest_error <= kTolerance) return;  // in the first sweep the rows had no scale yet
  }
}

// Whole numbers with exact column sums: each column is rounded down, then up where the remainders are largest.
Table<int64_t> round_columns(Table<double>& log_counts, const Sums& supply) {
  Table<int64_t> counts{log_counts.workers, log_counts.classes};
  std::vector<double> remainder(static_cast<std::size_t>(counts.workers));
  std::vector<int64_t> by_remainder(remainder.size());
  for (int64_t c = 0; c < counts.classes; ++c) {
    const double log_total = log_sum(&log_counts.at(0, c), counts.workers, counts.classes);
    int64_t missing = supply[static_cast<std::size_t>(c)];
    const auto wanted = static_cast<double>(missing);
    for (int64_t w = 0; w < counts.workers; ++w) {
      const double exact = wanted * std::exp(log_counts.at(w, c) - log_total);
      counts.at(w, c) = std::min(static_cast<int64_t>(exact), missing);  // min: against a sum that rounding lifts
      missing -= counts.at(w, c);
      remainder[static_cast<std::size_t>(w)] = exact - std::floor(exact);
    }
    std::iota(by_remainder.begin(), by_remainder.end(), int64_t{0});
    std::ranges::stable_sort(by_remainder, std::greater<>(),
                             [&](int64_t w) { return remainder[static_cast<std::size_t>(w)]; });
    for (std::size_t i = 0; missing > 0; ++i, --missing) ++counts.at(by_remainder[i % by_remainder.size()], c);
  }
  return counts;
}

// Moves samples from workers that have too many to those that have too few, of the class that the receiver wants most
// against the giver. Every move empties an entry, or completes a giver or a receiver, so it ends.
void repair_rows(Table<int64_t>& counts, Table<double>& log_counts, const Sums& shares) {
  std::vector<int64_t> surplus(shares.size());
  for (std::size_t w = 0; w < shares.size(); ++w) {
    const int64_t* row = &counts.at(static_cast<int64_t>(w), 0);
    surplus[w] = std::accumulate(row, row + counts.classes, -shares[w]);
  }
  for (;;) {
    const auto [receiver, giver] = std::ranges::minmax_element(surplus);
    if (*giver <= 0) return;  // the surpluses add up to zero
    const int64_t from = giver - surplus.begin(), to = receiver - surplus.begin();
    int64_t best = -1;
    double best_gain = 0;
    for (int64_t c = 0; c < counts.classes; ++c) {
      const double gain = log_counts.at(to, c) - log_counts.at(from, c);
      if (counts.at(from, c) > 0 && (best < 0 || gain > best_gain)) {
        best = c;
        best_gain = gain;
      }
    }
    const int64_t moved = std::min({*giver, -*receiver, counts.at(from, best)});
    counts.at(from, best) -= moved;
    counts.at(to, best) += moved;
    *giver -= moved;
    *receiver += moved;
  }
}

}  // namespace

Partition dirichlet_partition(double alpha, std::span<const int32_t> labels, int classes, int workers, uint64_t seed) {
  const auto order = permutation(std::ssize(labels), partition_random(seed, 0, Draw::order));
  auto buckets = bucket_by_class(order, labels, classes);
  std::erase_if(buckets, [](const auto& bucket) { return bucket.empty(); });  // a column without samples has no scale
  Sums supply, shares;
  for (const auto& bucket : buckets) supply.push_back(std::ssize(bucket));
  for (int w = 0; w < workers; ++w) shares.push_back(equal_share(std::ssize(labels), workers, w));

  Table<double> log_counts{workers, std::ssize(buckets)};
  for (int64_t w = 0; w < workers; ++w) {
    Random random = partition_random(seed, w, Draw::proportions);
    for (int64_t c = 0; c < log_counts.classes; ++c) log_counts.at(w, c) = random.log_gamma_draw(alpha);
  }
  fit_to_sums(log_counts, shares, supply);
  Table<int64_t> counts = round_columns(log_counts, supply);
  repair_rows(counts, log_counts, shares);

  Partition partition(static_cast<std::size_t>(workers));
  for (int64_t c = 0; c < counts.classes; ++c) {
    auto next = buckets[static_cast<std::size_t>(c)].begin();
    for (int64_t w = 0; w < workers; ++w) {
      auto& share = partition[static_cast<std::size_t>(w)];
      share.insert(share.end(), next, next + counts.at(w, c));
      next += counts.at(w, c);
    }
  }
  return partition;
}

}  // namespace skewbench::partitions
