#include <filesystem>

#include "kernels/base/error.h"
#include "partitions/input_file.h"
#include "partitions/loaders.h"

namespace skewbench::partitions {
namespace {

constexpr int64_t kSide = 32, kChannels = 3, kPlane = kSide * kSide;
constexpr int64_t kRecord = 1 + kChannels * kPlane;  // a label, then the planes
constexpr int kTrainFiles = 5, kClasses = 10;

void append_file(const std::filesystem::path& path, int64_t records, Split& split) {
  InputFile file(path.string());
  AlignedVector<std::byte> bytes;
  file.read(records * kRecord, "images", bytes);
  file.expect_end();
  const std::size_t old_size = split.samples.size();
  split.samples.resize(old_size + static_cast<std::size_t>(records * kChannels * kPlane));
  std::byte* out = split.samples.data() + old_size;
  for (int64_t i = 0; i < records; ++i) {
    const std::byte* record = bytes.data() + i * kRecord;
    const int label = std::to_integer<int>(record[0]);
    REQUIRE(label < kClasses, "{} holds label {} at record {}, expected 0 to {}", file.path(), label, i, kClasses - 1);
    split.labels.push_back(label);
    for (int64_t pixel = 0; pixel < kPlane; ++pixel) {
      for (int64_t c = 0; c < kChannels; ++c) *out++ = record[1 + c * kPlane + pixel];
    }
  }
  split.count += records;
}

}  // namespace

Dataset load_cifar10(const std::string& directory, int64_t records) {
  std::filesystem::path folder = directory;
  if (std::filesystem::is_directory(folder / "cifar-10-batches-bin")) folder /= "cifar-10-batches-bin";
  REQUIRE(std::filesystem::is_directory(folder),
          "the folder {} of cifar10 is missing: name the one with data_batch_1.bin to data_batch_5.bin with --data",
          directory);
  Dataset dataset;
  dataset.name = "cifar10";
  dataset.shape = {SampleType::u8, {kSide, kSide, kChannels}};
  dataset.classes = kClasses;
  dataset.source = folder.string();
  dataset.train.samples.reserve(static_cast<std::size_t>(kTrainFiles * records * kChannels * kPlane));
  dataset.test.samples.reserve(static_cast<std::size_t>(records * kChannels * kPlane));
  for (int i = 1; i <= kTrainFiles; ++i) {
    append_file(folder / fmt::format("data_batch_{}.bin", i), records, dataset.train);
  }
  append_file(folder / "test_batch.bin", records, dataset.test);
  return dataset;
}

}  // namespace skewbench::partitions
