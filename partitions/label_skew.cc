#include "partitions/label_skew.h"

#include <cmath>

#include "kernels/base/error.h"
#include "partitions/shares.h"

namespace skewbench::partitions {

Partition label_partition(double percent, std::span<const int32_t> labels, int classes, int workers, uint64_t seed) {
  const int64_t total = std::ssize(labels);
  const auto order = permutation(total, partition_random(seed, 0, Draw::order));
  const int64_t sorted = std::llround(percent * static_cast<double>(total) / 100.0);
  std::vector<int64_t> by_label;
  for (const auto& bucket :
       bucket_by_class(std::span(order).first(static_cast<std::size_t>(sorted)), labels, classes)) {
    by_label.insert(by_label.end(), bucket.begin(), bucket.end());
  }
  Partition partition = cut_equally(by_label, workers);
  auto rest = order.begin() + sorted;
  for (int64_t w = 0; w < workers; ++w) {
    auto& share = partition[static_cast<std::size_t>(w)];
    // Never negative: both cuts put their larger shares first, and sorted <= total.
    const int64_t missing = equal_share(total, workers, w) - std::ssize(share);
    share.insert(share.end(), rest, rest + missing);
    rest += missing;
  }
  return partition;
}

Partition label_mod_partition(std::span<const int32_t> labels, int classes, int workers) {
  REQUIRE(workers <= classes,
          "label-mod gives every worker a class of its own, so {} classes are too few for {} workers", classes,
          workers);
  Partition partition(static_cast<std::size_t>(workers));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    partition[static_cast<std::size_t>(labels[i] % workers)].push_back(static_cast<int64_t>(i));
  }
  return partition;
}

}  // namespace skewbench::partitions
