#include <filesystem>

#include "kernels/base/error.h"
#include "partitions/input_file.h"
#include "partitions/loaders.h"

namespace skewbench::partitions {
namespace {

constexpr uint32_t kImagesMagic = 0x803, kLabelsMagic = 0x801;  // type 8 = unsigned byte, with 3 and 1 dimensions
constexpr uint32_t kSide = 28;
constexpr int kClasses = 10;

InputFile open_idx(const std::filesystem::path& directory, const std::string& name) {
  const std::filesystem::path plain = directory / name;
  return InputFile(std::filesystem::exists(plain) ? plain.string() : plain.string() + ".gz");
}

int64_t read_count(InputFile& file, uint32_t expected_magic, const char* kind) {
  const uint32_t magic = file.read_big_endian("magic number");
  REQUIRE(magic == expected_magic, "{} is no IDX file of {}: expected magic 0x{:08x}, found 0x{:08x}", file.path(),
          kind, expected_magic, magic);
  const int64_t count = file.read_big_endian("count");
  REQUIRE(count > 0, "{} holds no {}", file.path(), kind);
  return count;
}

Split load_split(const std::filesystem::path& directory, const std::string& prefix) {
  Split split;
  InputFile images = open_idx(directory, prefix + "-images-idx3-ubyte");
  split.count = read_count(images, kImagesMagic, "images");
  const uint32_t height = images.read_big_endian("height"), width = images.read_big_endian("width");
  REQUIRE(height == kSide && width == kSide, "{} holds images of {}x{}, expected {}x{}", images.path(), height, width,
          kSide, kSide);
  images.read(split.count * kSide * kSide, "images", split.samples);
  images.expect_end();

  InputFile labels = open_idx(directory, prefix + "-labels-idx1-ubyte");
  const int64_t label_count = read_count(labels, kLabelsMagic, "labels");
  REQUIRE(label_count == split.count, "{} holds {} labels, expected {}, as {} has images", labels.path(), label_count,
          split.count, images.path());
  AlignedVector<std::byte> bytes;
  labels.read(label_count, "labels", bytes);
  labels.expect_end();
  for (const std::byte byte : bytes) {
    const int label = std::to_integer<int>(byte);
    REQUIRE(label < kClasses, "{} holds label {} at item {}, expected 0 to {}", labels.path(), label,
            split.labels.size(), kClasses - 1);
    split.labels.push_back(label);
  }
  return split;
}

}  // namespace

Dataset load_fashion_mnist(const std::string& directory) {
  REQUIRE(
      std::filesystem::is_directory(directory),
      "the folder {} of fashion_mnist is missing: install Debian's dataset-fashion-mnist or name another with --data",
      directory);
  Dataset dataset;
  dataset.name = "fashion_mnist";
  dataset.shape = {SampleType::u8, {kSide, kSide, 1}};
  dataset.classes = kClasses;
  dataset.source = directory;
  dataset.train = load_split(directory, "train");
  dataset.test = load_split(directory, "t10k");
  return dataset;
}

}  // namespace skewbench::partitions
