// The data feed: whole passes over a share, reshuffled each time, the same bytes whichever rank hosts a worker.
#include "bench/train/data_feed.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

constexpr int kWorkers = 5;
constexpr uint64_t kSeed = 3;

struct Data {
  partitions::Dataset dataset = partitions::load_dataset("synthetic:6x5x2,3,103,9", "", kSeed);
  partitions::Partition partition = partitions::make_partition("dirichlet:0.3", dataset.train.labels, 3, kWorkers, kSeed);
  DataFeed feed(int first, int last, const partitions::Augmentation& augmentation = {}, uint64_t seed = kSeed) {
    return {dataset, partition, first, last, seed, augmentation};
  }
  std::size_t sample_bytes() const { return static_cast<std::size_t>(dataset.shape.bytes()); }
};

std::string sample_of(const Data& data, const std::byte* first) { return {reinterpret_cast<const char*>(first), data.sample_bytes()}; }

/// A batch as one string of bytes: samples, then labels.
std::string bytes_of(const Batch& batch, std::size_t sample_bytes) {
  const auto count = static_cast<std::size_t>(batch.count);
  std::string bytes(reinterpret_cast<const char*>(batch.samples), count * sample_bytes);
  return bytes.append(reinterpret_cast<const char*>(batch.labels), count * sizeof(int32_t));
}

TEST(DataFeed, EachPassHoldsTheShareOnceInAnotherOrder) {
  Data data;
  DataFeed feed = data.feed(0, kWorkers);
  const auto& share = data.partition[2];
  std::map<std::string, int> in_share;  // synthetic images differ from each other
  for (const int64_t i : share) ++in_share[sample_of(data, data.dataset.train.sample(i, data.dataset.shape))];
  ASSERT_EQ(in_share.size(), share.size());
  std::vector<std::string> order[3];
  for (auto& pass : order)
    while (pass.size() < share.size()) pass.push_back(sample_of(data, feed.draw(2, 1).samples));
  for (const auto& pass : order) {
    std::map<std::string, int> seen;
    for (const std::string& sample : pass) ++seen[sample];
    EXPECT_EQ(seen, in_share);
  }
  EXPECT_NE(order[0], order[1]);
  EXPECT_NE(order[1], order[2]);
}

TEST(DataFeed, ABatchGoesOnWithTheNextPass) {
  Data data;
  const auto share = std::ssize(data.partition[1]);
  DataFeed one_by_one = data.feed(1, 2), in_batches = data.feed(1, 2);
  std::string singles, batches;
  const auto samples = [&](const Batch& batch) {
    return std::string(reinterpret_cast<const char*>(batch.samples), static_cast<std::size_t>(batch.count) * data.sample_bytes());
  };
  const int64_t size = share / 2 + 2;  // the second and every later batch crosses into a pass
  for (int64_t i = 0; i < 4 * size; ++i) singles += samples(one_by_one.draw(1, 1));
  for (int k = 0; k < 4; ++k) batches += samples(in_batches.draw(1, size));
  EXPECT_EQ(singles, batches);
  EXPECT_EQ(samples(in_batches.draw(1, 3 * share)).size(), static_cast<std::size_t>(3 * share) * data.sample_bytes())
      << "a batch may be larger than the share";
}

TEST(DataFeed, LabelsBelongToTheirSamples) {
  Data data;
  std::map<std::string, int32_t> label_of;
  for (int64_t i = 0; i < data.dataset.train.count; ++i)
    label_of[sample_of(data, data.dataset.train.sample(i, data.dataset.shape))] = data.dataset.train.labels[static_cast<std::size_t>(i)];
  DataFeed feed = data.feed(0, kWorkers);
  for (int worker = 0; worker < kWorkers; ++worker) {
    const Batch& batch = feed.draw(worker, 11);
    ASSERT_EQ(batch.count, 11);
    EXPECT_EQ(batch.weights, nullptr);
    for (int64_t i = 0; i < batch.count; ++i)
      EXPECT_EQ(batch.labels[i], label_of.at(sample_of(data, batch.samples + i * data.dataset.shape.bytes())));
  }
  EXPECT_EQ(feed.samples_drawn(), 11 * kWorkers);
}

TEST(DataFeed, SameBytesForAnyPlacement) {
  Data data;
  for (const auto& augmentation : {partitions::Augmentation{}, partitions::Augmentation{.mirror = true, .crop_pad = 2}}) {
    DataFeed everybody = data.feed(0, kWorkers, augmentation);
    DataFeed parts[] = {data.feed(0, 2, augmentation), data.feed(2, 3, augmentation), data.feed(3, kWorkers, augmentation)};
    // Drawn in another order, too: what a worker sees depends on its own draws only.
    std::map<int, std::string> together, apart;
    for (int step = 0; step < 12; ++step)
      for (int worker = 0; worker < kWorkers; ++worker) together[worker] += bytes_of(everybody.draw(worker, 3 + worker), data.sample_bytes());
    for (int worker = kWorkers - 1; worker >= 0; --worker)
      for (int step = 0; step < 12; ++step)
        apart[worker] += bytes_of(parts[worker < 2 ? 0 : worker < 3 ? 1 : 2].draw(worker, 3 + worker), data.sample_bytes());
    EXPECT_EQ(together, apart);
  }
}

TEST(DataFeed, WhatATaskIsToChangeComesWithTheImages) {
  Data data;
  const partitions::Augmentation augmentation{.mirror = true, .crop_pad = 2};
  DataFeed changed = data.feed(0, kWorkers, augmentation);
  DataFeed left(data.dataset, data.partition, 0, kWorkers, kSeed, augmentation, true);
  const auto& dims = data.dataset.shape.dims;
  for (int step = 0; step < 5; ++step) {
    const Batch& want = changed.draw(1, 7);
    const Batch& batch = left.draw(1, 7);
    EXPECT_EQ(want.changes, nullptr);
    ASSERT_NE(batch.changes, nullptr);
    std::vector<std::byte> got(static_cast<std::size_t>(batch.count) * data.sample_bytes());
    augment::augment_ref({dims[0], dims[1], static_cast<int64_t>(data.sample_bytes()) / (dims[0] * dims[1])}, batch.count,
                         reinterpret_cast<const uint8_t*>(batch.samples), batch.changes, reinterpret_cast<uint8_t*>(got.data()));
    EXPECT_EQ(std::memcmp(got.data(), want.samples, got.size()), 0);
    EXPECT_NE(std::memcmp(got.data(), batch.samples, got.size()), 0) << "nothing was changed";
  }
}

TEST(DataFeed, AnotherSeedAnotherOrder) {
  Data data;
  DataFeed one = data.feed(0, 1), other = data.feed(0, 1, {}, kSeed + 1);
  EXPECT_NE(bytes_of(one.draw(0, 10), data.sample_bytes()), bytes_of(other.draw(0, 10), data.sample_bytes()));
}

TEST(DataFeed, ABatchStaysValidWhileOthersDraw) {
  Data data;
  DataFeed feed = data.feed(0, kWorkers);
  const Batch& batch = feed.draw(0, 6);
  const std::string before = bytes_of(batch, data.sample_bytes());
  for (int worker = 1; worker < kWorkers; ++worker) feed.draw(worker, 20);
  EXPECT_EQ(bytes_of(batch, data.sample_bytes()), before);
}

TEST(Augmentation, Names) {
  const auto same = [](const char* text, bool mirror, int64_t crop_pad) {
    const partitions::Augmentation got = parse_augmentation(text);
    return got.mirror == mirror && got.crop_pad == crop_pad;
  };
  EXPECT_TRUE(same("none", false, 0));
  EXPECT_TRUE(same("mirror", true, 0));
  EXPECT_TRUE(same("crop:4", false, 4));
  EXPECT_TRUE(same("mirror+crop:2", true, 2));
  for (const char* text : {"", "miror", "crop", "crop:", "crop:0", "crop:-1", "crop:x", "crop:1.5", "mirror+", "mirror+none",
                           "mirror+mirror", "crop:4+mirror", "none+mirror"})
    EXPECT_THROW(parse_augmentation(text), Error) << text;
}

}  // namespace
}  // namespace skewbench::train
