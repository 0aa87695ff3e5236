// The training samples of this rank's workers, batch by batch.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/train/tasks/task.h"
#include "kernels/base/aligned.h"
#include "partitions/dataset.h"
#include "partitions/partition.h"
#include "partitions/sampler.h"

namespace skewbench::train {

class DataFeed {
 public:
  /// For workers first .. last - 1. The data set must outlive the feed. Where the task changes images itself, a batch has them as
  /// they are, and what is to be done to them.
  DataFeed(const partitions::Dataset& dataset, const partitions::Partition& partition, int first, int last, uint64_t seed,
           const partitions::Augmentation& augmentation, bool task_changes_images = false);

  /// The worker's next `count` samples; a share that runs out is reshuffled. Valid until the worker's next draw.
  const Batch& draw(int worker, int64_t count);

  /// Samples drawn so far by this rank's workers.
  int64_t samples_drawn() const { return samples_drawn_; }
  const partitions::Dataset& dataset() const { return dataset_; }

 private:
  struct Feed {
    partitions::Sampler sampler;
    AlignedVector<std::byte> samples;
    std::vector<int32_t> labels;
    std::vector<augment::Change> changes;
    Batch batch;
  };
  void draw_changes(int worker, Feed& feed);  ///< of the samples that indices_ and passes_ name

  const partitions::Dataset& dataset_;
  int first_;
  uint64_t seed_;
  partitions::Augmentation augmentation_;
  bool task_changes_images_;
  std::vector<Feed> feeds_;
  std::vector<int64_t> indices_, passes_;
  int64_t samples_drawn_ = 0;
};

/// "none", "mirror", "crop:PAD", "mirror+crop:PAD".
partitions::Augmentation parse_augmentation(const std::string& text);

}  // namespace skewbench::train
