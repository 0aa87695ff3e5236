// A partition as an HDF5 file, so that a split can be looked at, kept and used again.
//
//   /indices    int64 [N]           the samples of worker 0, then those of worker 1, ...
//   /offsets    int64 [workers + 1] worker w has indices[offsets[w]] .. indices[offsets[w + 1] - 1]
//   /histogram  int64 [workers, classes]
//   attributes of /: schema = "skewbench-partition", schema_version = 1, dataset, spec, seed, workers
#pragma once

#include <cstdint>
#include <string>

#include "partitions/partition.h"

namespace skewbench::partitions {

struct PartitionFile {
  std::string dataset;  ///< Dataset::name
  std::string spec;     ///< as given to make_partition
  uint64_t seed = 0;
  Partition partition;
  Histogram histogram;
};

/// Writes under a temporary name in the same folder, flushes to disk and renames, so `path` is whole or absent.
/// Throws if `path` exists, or cannot be written.
void write_partition_file(const std::string& path, const PartitionFile& file);

/// Reads a file back. Throws for a file that is missing, unreadable, not a partition or of another version, and for
/// one whose contents do not fit together: each of the N samples on exactly one worker, histogram rows that add up.
PartitionFile read_partition_file(const std::string& path);

}  // namespace skewbench::partitions
