#include "bench/train/data_feed.h"

#include "kernels/augment/augment.h"
#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace skewbench::train {

DataFeed::DataFeed(const partitions::Dataset& dataset, const partitions::Partition& partition, int first, int last,
                   uint64_t seed, const partitions::Augmentation& augmentation, bool task_changes_images)
    : dataset_(dataset), first_(first), seed_(seed), augmentation_(augmentation), task_changes_images_(task_changes_images) {
  for (int worker = first; worker < last; ++worker)
    feeds_.push_back({partitions::Sampler(partition[static_cast<std::size_t>(worker)], seed, worker), {}, {}, {}, {}});
}

const Batch& DataFeed::draw(int worker, int64_t count) {
  Feed& feed = feeds_[static_cast<std::size_t>(worker - first_)];
  indices_.clear();
  passes_.clear();
  feed.sampler.next(count, indices_, &passes_);
  feed.samples.resize(static_cast<std::size_t>(count * dataset_.shape.bytes()));
  feed.labels.resize(static_cast<std::size_t>(count));
  partitions::gather(dataset_.train, dataset_.shape, indices_, feed.samples.data());
  if (augmentation_.any()) draw_changes(worker, feed);
  for (std::size_t i = 0; i < indices_.size(); ++i)
    feed.labels[i] = dataset_.train.labels[static_cast<std::size_t>(indices_[i])];
  samples_drawn_ += count;
  feed.batch = {count, feed.samples.data(), feed.labels.data(), nullptr, feed.changes.empty() ? nullptr : feed.changes.data()};
  return feed.batch;
}

void DataFeed::draw_changes(int worker, Feed& feed) {
  const auto decided = partitions::draw_changes(dataset_.shape, augmentation_, seed_, worker, indices_, passes_);  // refuses what is no image
  feed.changes.clear();
  for (const auto& [mirror, down, right] : decided) feed.changes.push_back({mirror, static_cast<int32_t>(down), static_cast<int32_t>(right)});
  if (task_changes_images_) return;
  const auto& dims = dataset_.shape.dims;
  const augment::Problem images{dims[0], dims[1], dims[2] * partitions::element_bytes(dataset_.shape.type)};
  augment::augment_host(images, std::ssize(feed.changes), feed.changes.data(), reinterpret_cast<uint8_t*>(feed.samples.data()));
  feed.changes.clear();
}

partitions::Augmentation parse_augmentation(const std::string& text) {
  partitions::Augmentation augmentation;
  if (text == "none") return augmentation;
  std::string rest = text;
  if (rest == "mirror" || rest.starts_with("mirror+")) {
    augmentation.mirror = true;
    rest = rest == "mirror" ? "" : rest.substr(7);
    if (rest.empty() && text == "mirror") return augmentation;
  }
  REQUIRE(rest.starts_with("crop:"), "--augment is none, mirror, crop:PAD or mirror+crop:PAD, not '{}'", text);
  augmentation.crop_pad = parse_integer(rest.substr(5), "the padding of --augment");
  REQUIRE(augmentation.crop_pad > 0, "the padding of --augment must be positive, not {}", augmentation.crop_pad);
  return augmentation;
}

}  // namespace skewbench::train
