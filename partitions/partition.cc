#include "partitions/partition.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "kernels/base/error.h"
#include "kernels/base/random.h"
#include "partitions/dirichlet.h"
#include "partitions/label_skew.h"
#include "partitions/shares.h"

namespace skewbench::partitions {
namespace {

struct Request {
  double argument = 0;
  std::span<const int32_t> labels;
  int classes = 0, workers = 0;
  uint64_t seed = 0;
};

struct Partitioner {
  const char* name;
  const char* argument;  // as shown by --list; empty if there is none
  double smallest, largest;
  const char* sentence;
  std::function<Partition(const Request&)> make;
};

// A new partitioner is one line here.
const std::vector<Partitioner>& partitioners() {
  static const std::vector<Partitioner> table = {
      {"iid", "", 0, 0, "a random permutation cut into equal shares",
       [](const Request& r) {
         return cut_equally(permutation(std::ssize(r.labels), partition_random(r.seed, 0, Draw::order)), r.workers);
       }},
      {"dirichlet", "ALPHA", kMinAlpha, kMaxAlpha,
       "class proportions of each worker ~ Dir(ALPHA), equal shares; 0.1 = a few classes each, 100 = all mixed",
       [](const Request& r) { return dirichlet_partition(r.argument, r.labels, r.classes, r.workers, r.seed); }},
      {"dirichlet-published", "ALPHA", kMinAlpha, kMaxAlpha,
       "the rule of the RelaySum and quasi-global-momentum code: Dirichlet within groups of ten workers, then cut "
       "again equally",
       [](const Request& r) {
         return dirichlet_published_partition(r.argument, r.labels, r.classes, r.workers, r.seed);
       }},
      {"label", "PERCENT", 0, 100,
       "PERCENT of the samples sorted by label and cut into equal shares, the others at random",
       [](const Request& r) { return label_partition(r.argument, r.labels, r.classes, r.workers, r.seed); }},
      {"label-mod", "", 0, 0, "worker w has the samples with label % workers == w; at most as many workers as classes",
       [](const Request& r) { return label_mod_partition(r.labels, r.classes, r.workers); }},
  };
  return table;
}

const Partitioner& find_partitioner(const std::string& name) {
  std::vector<std::string> known;
  for (const Partitioner& partitioner : partitioners()) {
    if (name == partitioner.name) return partitioner;
    known.emplace_back(partitioner.name);
  }
  fail_unknown("skew", name, known);
}

double parse_argument(const Partitioner& partitioner, const NameWithArgument& parts) {
  const std::string_view argument = partitioner.argument;
  if (argument.empty()) {
    REQUIRE(!parts.has_argument, "skew '{}' takes no argument, but '{}' was given", parts.name, parts.argument);
    return 0;
  }
  REQUIRE(parts.has_argument, "skew '{}' needs its {}: {}:{}", parts.name, argument, parts.name, argument);
  const double value = parse_number(parts.argument, fmt::format("{} of skew '{}'", argument, parts.name));
  REQUIRE(value >= partitioner.smallest && value <= partitioner.largest,
          "{} of skew '{}' must be from {} to {}, not {}", argument, parts.name, partitioner.smallest,
          partitioner.largest, parts.argument);
  return value;
}

void check_labels(std::span<const int32_t> labels, int classes) {
  REQUIRE(classes >= 1, "{} classes are too few", classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    REQUIRE(labels[i] >= 0 && labels[i] < classes, "sample {} has label {}, expected 0 to {}", i, labels[i],
            classes - 1);
  }
}

}  // namespace

Partition make_partition(const std::string& spec, std::span<const int32_t> labels, int classes, int workers,
                         uint64_t seed) {
  const NameWithArgument parts = split_argument(spec);
  const Partitioner& partitioner = find_partitioner(parts.name);
  const double argument = parse_argument(partitioner, parts);
  REQUIRE(workers >= 1, "the number of workers must be at least 1, not {}", workers);
  REQUIRE(workers <= std::ssize(labels), "{} samples are too few for {} workers", labels.size(), workers);
  check_labels(labels, classes);
  Partition partition = partitioner.make({argument, labels, classes, workers, seed});
  for (std::size_t w = 0; w < partition.size(); ++w) {
    REQUIRE(!partition[w].empty(), "skew '{}' leaves worker {} of {} without a sample", spec, w, workers);
  }
  return partition;
}

void check_partition_spec(const std::string& spec) {
  const NameWithArgument parts = split_argument(spec);
  parse_argument(find_partitioner(parts.name), parts);
}

std::vector<Named> list_partitioners() {
  std::vector<Named> list;
  for (const Partitioner& partitioner : partitioners()) {
    const std::string argument = partitioner.argument;
    list.push_back({partitioner.name + (argument.empty() ? "" : ":" + argument), partitioner.sentence});
  }
  return list;
}

Histogram class_histogram(const Partition& partition, std::span<const int32_t> labels, int classes) {
  Histogram histogram;
  for (const auto& share : partition) {
    auto& row = histogram.emplace_back(static_cast<std::size_t>(classes));
    for (const int64_t i : share) ++row[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])];
  }
  return histogram;
}

std::vector<double> skew_per_worker(const Histogram& histogram) {
  const std::size_t classes = histogram.empty() ? 0 : histogram.front().size();
  std::vector<double> global(classes);
  double total = 0;
  for (const auto& row : histogram) {
    for (std::size_t c = 0; c < classes; ++c) global[c] += static_cast<double>(row[c]);
  }
  for (const double count : global) total += count;
  std::vector<double> distances;
  for (const auto& row : histogram) {
    const auto size = static_cast<double>(std::accumulate(row.begin(), row.end(), int64_t{0}));
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::abs(static_cast<double>(row[c]) / size - global[c] / total);
    distances.push_back(0.5 * sum);
  }
  return distances;
}

double mean_skew(const Histogram& histogram) {
  const std::vector<double> distances = skew_per_worker(histogram);
  return std::accumulate(distances.begin(), distances.end(), 0.0) / static_cast<double>(distances.size());
}

std::vector<int64_t> balanced_subset(std::span<const int32_t> labels, int classes, int64_t count, uint64_t seed) {
  REQUIRE(count >= 1 && count <= std::ssize(labels), "a subset of {} samples cannot be chosen from {}", count,
          labels.size());
  check_labels(labels, classes);
  const auto order = permutation(std::ssize(labels), Random(seed, 0, 0, Purpose::evaluation_subset));
  const auto buckets = bucket_by_class(order, labels, classes);
  std::vector<int64_t> chosen;
  for (std::size_t round = 0; std::ssize(chosen) < count; ++round) {  // one of every class that has one left
    for (const auto& bucket : buckets) {
      if (round < bucket.size() && std::ssize(chosen) < count) chosen.push_back(bucket[round]);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace skewbench::partitions
