// Equal shares and orders, common to the partitioners.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/base/random.h"
#include "partitions/partition.h"

namespace skewbench::partitions {

/// The streams of a partition: step of Random(seed, worker, step, partition). Numbers are part of every result.
enum class Draw : uint32_t { order = 0, proportions = 1 };

inline Random partition_random(uint64_t seed, int64_t worker, Draw draw) {
  return {seed, static_cast<uint32_t>(worker), static_cast<uint32_t>(draw), Purpose::partition};
}

/// Size of share `part` when `total` is cut into `parts` equal ones, the first total % parts larger by one.
constexpr int64_t equal_share(int64_t total, int64_t parts, int64_t part) {
  return total / parts + (part < total % parts ? 1 : 0);
}

/// Cuts `order` into consecutive equal shares (numpy.array_split).
inline Partition cut_equally(std::span<const int64_t> order, int workers) {
  Partition partition;
  for (int64_t w = 0, begin = 0; w < workers; ++w) {
    const int64_t size = equal_share(static_cast<int64_t>(order.size()), workers, w);
    partition.emplace_back(order.begin() + begin, order.begin() + begin + size);
    begin += size;
  }
  return partition;
}

/// [class] -> the samples of `order` with that label, in that order.
inline std::vector<std::vector<int64_t>> bucket_by_class(std::span<const int64_t> order,
                                                         std::span<const int32_t> labels, int classes) {
  std::vector<std::vector<int64_t>> buckets(static_cast<std::size_t>(classes));
  for (const int64_t i : order) buckets[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])].push_back(i);
  return buckets;
}

}  // namespace skewbench::partitions
