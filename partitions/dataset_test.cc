#include "partitions/dataset.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "kernels/base/compare.h"
#include "partitions/loaders.h"
#include "partitions/temporary_folder.h"

namespace skewbench::partitions {
namespace {

std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string gzip(const std::string& bytes) {
  TemporaryFolder folder;
  const gzFile file = gzopen(folder.path("x").c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream stream(folder.path("x"), std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string idx_images(uint32_t count, uint32_t side = 28) {
  std::string bytes = big_endian(0x803) + big_endian(count) + big_endian(side) + big_endian(side);
  for (uint32_t i = 0; i < count * side * side; ++i) bytes += static_cast<char>(i * 7 % 251);
  return bytes;
}

std::string idx_labels(uint32_t count) {
  std::string bytes = big_endian(0x801) + big_endian(count);
  for (uint32_t i = 0; i < count; ++i) bytes += static_cast<char>(i % 10);
  return bytes;
}

// A small, sound folder of IDX files: 20 training images gzipped, 10 test images not.
void write_idx(const TemporaryFolder& folder) {
  folder.write("train-images-idx3-ubyte.gz", gzip(idx_images(20)));
  folder.write("train-labels-idx1-ubyte.gz", gzip(idx_labels(20)));
  folder.write("t10k-images-idx3-ubyte", idx_images(10));
  folder.write("t10k-labels-idx1-ubyte", idx_labels(10));
}

TEST(FashionMnist, ReadsGzippedAndPlainFiles) {
  TemporaryFolder folder;
  write_idx(folder);
  const Dataset dataset = load_dataset("fashion_mnist", folder.path(), 1);
  EXPECT_EQ(dataset.name, "fashion_mnist");
  EXPECT_EQ(dataset.source, folder.path());
  EXPECT_EQ(dataset.shape.dims, (std::vector<int64_t>{28, 28, 1}));
  EXPECT_EQ(dataset.shape.bytes(), 784);
  EXPECT_EQ(dataset.train.count, 20);
  EXPECT_EQ(dataset.test.count, 10);
  EXPECT_EQ(std::ssize(dataset.train.samples), 20 * 784);
  EXPECT_EQ(dataset.train.labels[13], 3);
  EXPECT_EQ(std::to_integer<int>(dataset.train.sample(3, dataset.shape)[5]), (3 * 784 + 5) * 7 % 251);
}

struct BadFile {
  const char* name;
  std::string bytes;
  std::string expected;  // part of the sentence, which also names the file
};

TEST(FashionMnist, RefusesEachBadFileWithItsName) {
  const std::string images = idx_images(20), labels = idx_labels(20);
  std::string bad_label = labels, bad_bits = gzip(images);
  bad_label[8 + 4] = 10;
  bad_bits[bad_bits.size() - 6] ^= 1;  // in the checksum
  const std::vector<BadFile> cases = {
      {"train-images-idx3-ubyte", images.substr(0, images.size() - 1), "expected 15680 bytes of images, found 15679"},
      {"train-images-idx3-ubyte", images + '\0', "is too long: expected 15696 bytes"},
      {"train-images-idx3-ubyte", labels, "expected magic 0x00000803, found 0x00000801"},
      {"train-images-idx3-ubyte", idx_images(20, 32), "holds images of 32x32, expected 28x28"},
      {"train-images-idx3-ubyte", images.substr(0, 6), "truncated: it ends after 6 bytes, within its count"},
      {"train-images-idx3-ubyte", "", "truncated: it ends after 0 bytes, within its magic number"},
      {"train-images-idx3-ubyte", idx_images(0), "holds no images"},
      // A count of four billion must not become an allocation of three terabytes.
      {"train-images-idx3-ubyte", big_endian(0x803) + big_endian(~0u) + images.substr(8), "found 15680"},
      {"train-images-idx3-ubyte", gzip(images).substr(0, 300), "its gzip stream ends"},
      {"train-images-idx3-ubyte", bad_bits, "is corrupt"},
      {"train-images-idx3-ubyte", gzip(images + "x"), "is too long"},
      {"train-labels-idx1-ubyte", idx_labels(19), "holds 19 labels, expected 20"},
      {"train-labels-idx1-ubyte", bad_label, "holds label 10 at item 4, expected 0 to 9"},
      {"train-labels-idx1-ubyte", labels.substr(0, 20), "expected 20 bytes of labels, found 12"},
      {"train-labels-idx1-ubyte", labels + "x", "is too long"},
      {"t10k-labels-idx1-ubyte", images, "found 0x00000803"},
  };
  for (const BadFile& bad : cases) {
    TemporaryFolder folder;
    write_idx(folder);
    const std::string path = folder.write(bad.name, bad.bytes);
    const std::string message = error_of([&] { load_dataset("fashion_mnist", folder.path(), 1); });
    EXPECT_NE(message.find(bad.expected), std::string::npos) << bad.expected << "; said: " << message;
    EXPECT_NE(message.find(path), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(FashionMnist, RefusesWhatIsMissing) {
  TemporaryFolder folder;
  write_idx(folder);
  std::filesystem::remove(folder.path("train-labels-idx1-ubyte.gz"));
  EXPECT_EQ(error_of([&] { load_dataset("fashion_mnist", folder.path(), 1); }),
            folder.path("train-labels-idx1-ubyte.gz") + " is missing");
  std::filesystem::create_directory(folder.path("train-labels-idx1-ubyte"));
  EXPECT_NE(error_of([&] { load_dataset("fashion_mnist", folder.path(), 1); }).find("is not a file"),
            std::string::npos);
  EXPECT_NE(error_of([&] { load_dataset("fashion_mnist", folder.path("nowhere"), 1); }).find("nowhere"),
            std::string::npos);
}

// The published files themselves (Debian's dataset-fashion-mnist).
TEST(FashionMnist, PublishedFiles) {
  const bool is_installed = std::filesystem::exists("/usr/share/datasets/fashion-mnist");
  if (!is_installed) GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const Dataset dataset = load_dataset("fashion_mnist", "", 1);
  EXPECT_EQ(dataset.train.count, 60000);
  EXPECT_EQ(dataset.test.count, 10000);
  for (int32_t c = 0; c < 10; ++c) {
    EXPECT_EQ(std::ranges::count(dataset.train.labels, c), 6000);
    EXPECT_EQ(std::ranges::count(dataset.test.labels, c), 1000);
  }
  EXPECT_EQ(dataset.train.labels[0], 9);  // an ankle boot
  EXPECT_EQ(fingerprint({dataset.train.sample(0, dataset.shape), 784}), 143542503853003576u);
  EXPECT_NEAR(dataset.channel_mean[0] / 255, 0.2860, 5e-5);  // the constants that other loaders carry
  EXPECT_NEAR(dataset.channel_std[0] / 255, 0.3530, 5e-5);
}

constexpr int kRecords = 3;

// Record i of file f: pixel p of channel c is (f * 50 + i * 10 + c * 80 + p) % 256, so every plane differs.
std::string cifar_file(int f, int records = kRecords) {
  std::string bytes;
  for (int i = 0; i < records; ++i) {
    bytes += static_cast<char>((f + i) % 10);
    for (int c = 0; c < 3; ++c) {
      for (int p = 0; p < 1024; ++p) bytes += static_cast<char>((f * 50 + i * 10 + c * 80 + p) % 256);
    }
  }
  return bytes;
}

void write_cifar(const TemporaryFolder& folder, const std::string& prefix = "") {
  for (int f = 1; f <= 5; ++f) folder.write(fmt::format("{}data_batch_{}.bin", prefix, f), cifar_file(f));
  folder.write(prefix + "test_batch.bin", cifar_file(6));
}

TEST(Cifar10, TurnsPlanesIntoPixels) {
  TemporaryFolder folder;
  write_cifar(folder);
  const Dataset dataset = load_cifar10(folder.path(), kRecords);
  EXPECT_EQ(dataset.shape.dims, (std::vector<int64_t>{32, 32, 3}));
  ASSERT_EQ(dataset.train.count, 15);
  ASSERT_EQ(dataset.test.count, 3);
  for (int n = 0; n < 15; ++n) {
    const int f = n / kRecords + 1, i = n % kRecords;
    EXPECT_EQ(dataset.train.labels[static_cast<std::size_t>(n)], (f + i) % 10);
    const std::byte* image = dataset.train.sample(n, dataset.shape);
    for (int h = 0; h < 32; ++h) {
      for (int w = 0; w < 32; ++w) {
        for (int c = 0; c < 3; ++c) {
          ASSERT_EQ(std::to_integer<int>(image[(h * 32 + w) * 3 + c]), (f * 50 + i * 10 + c * 80 + h * 32 + w) % 256);
        }
      }
    }
  }
}

TEST(Cifar10, FindsTheFolderOfTheArchive) {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("cifar-10-batches-bin"));
  write_cifar(folder, "cifar-10-batches-bin/");
  EXPECT_EQ(load_cifar10(folder.path(), kRecords).train.count, 15);
}

TEST(Cifar10, RefusesEachBadFileWithItsName) {
  const std::string good = cifar_file(2);
  std::string bad_label = good;
  bad_label[3073] = 10;
  const std::vector<BadFile> cases = {
      {"data_batch_2.bin", good.substr(0, good.size() - 1), "expected 9219 bytes of images, found 9218"},
      {"data_batch_2.bin", good + "x", "is too long: expected 9219 bytes"},
      {"data_batch_2.bin", cifar_file(2, kRecords - 1), "found 6146"},
      {"data_batch_2.bin", cifar_file(2, kRecords + 1), "is too long"},
      {"data_batch_4.bin", bad_label, "holds label 10 at record 1, expected 0 to 9"},
      {"test_batch.bin", "", "found 0"},
  };
  for (const BadFile& bad : cases) {
    TemporaryFolder folder;
    write_cifar(folder);
    const std::string path = folder.write(bad.name, bad.bytes);
    const std::string message = error_of([&] { load_cifar10(folder.path(), kRecords); });
    EXPECT_NE(message.find(bad.expected), std::string::npos) << bad.expected << "; said: " << message;
    EXPECT_NE(message.find(path), std::string::npos) << message;
  }
  TemporaryFolder folder;
  write_cifar(folder);
  EXPECT_NE(error_of([&] { load_dataset("cifar10", folder.path(), 1); }).find("expected 30730000 bytes"),
            std::string::npos);
  std::filesystem::remove(folder.path("data_batch_5.bin"));
  EXPECT_EQ(error_of([&] { load_cifar10(folder.path(), kRecords); }), folder.path("data_batch_5.bin") + " is missing");
  EXPECT_NE(error_of([&] { load_cifar10(folder.path("nowhere"), kRecords); }).find("nowhere"), std::string::npos);
}

TEST(Synthetic, HasTheShapeOfItsRecipe) {
  const Dataset dataset = load_dataset("synthetic:5x7x3,4,42,9", "", 1);
  EXPECT_EQ(dataset.shape.dims, (std::vector<int64_t>{5, 7, 3}));
  EXPECT_EQ(dataset.classes, 4);
  EXPECT_EQ(dataset.train.count, 42);
  EXPECT_EQ(dataset.test.count, 9);
  EXPECT_EQ(std::ssize(dataset.train.samples), 42 * 5 * 7 * 3);
  EXPECT_EQ(dataset.channel_mean.size(), 3u);
  EXPECT_EQ(dataset.source, "synthetic:5x7x3,4,42,9 with seed 1");
  for (const char* smallest : {"synthetic:1x1x1,1,1,1", "synthetic:1x9x2,3,2,1"}) {
    EXPECT_GT(load_dataset(smallest, "", 1).classes, 0);
  }
}

TEST(Synthetic, FollowsItsSeed) {
  const auto train = [](uint64_t seed) { return load_dataset("synthetic:9x9x1,3,20,20", "", seed).train.samples; };
  EXPECT_EQ(train(1), train(1));
  EXPECT_NE(train(1), train(2));
  const Dataset dataset = load_dataset("synthetic:9x9x1,3,20,20", "", 1);
  EXPECT_NE(dataset.train.samples, dataset.test.samples);
  EXPECT_EQ(fingerprint(dataset.train.samples), 14426533921296574780u);
}

// The nearest class mean of the training set already finds most labels of the test set.
TEST(Synthetic, CanBeLearnt) {
  const Dataset dataset = load_dataset("synthetic", "", 1);
  const int64_t pixels = dataset.shape.elements();
  std::vector<std::vector<double>> means(10, std::vector<double>(static_cast<std::size_t>(pixels)));
  for (int64_t i = 0; i < dataset.train.count; ++i) {
    auto& mean = means[static_cast<std::size_t>(dataset.train.labels[static_cast<std::size_t>(i)])];
    for (int64_t p = 0; p < pixels; ++p) {
      mean[static_cast<std::size_t>(p)] += std::to_integer<int>(dataset.train.sample(i, dataset.shape)[p]) / 600.0;
    }
  }
  int64_t right = 0;
  for (int64_t i = 0; i < dataset.test.count; ++i) {
    std::vector<double> distances;
    for (const auto& mean : means) {
      double& sum = distances.emplace_back(0.0);
      for (int64_t p = 0; p < pixels; ++p) {
        sum += std::pow(
            std::to_integer<int>(dataset.test.sample(i, dataset.shape)[p]) - mean[static_cast<std::size_t>(p)], 2);
      }
    }
    right +=
        std::ranges::min_element(distances) - distances.begin() == dataset.test.labels[static_cast<std::size_t>(i)];
  }
  EXPECT_GT(right, 700);
}

TEST(Synthetic, RefusesBadRecipes) {
  for (const char* bad :
       {"synthetic:", "synthetic:28x28,10,60,10", "synthetic:28x28x1,10,60", "synthetic:28x28x1,10,60,10,5",
        "synthetic:0x28x1,10,60,10", "synthetic:28x28x1,0,60,10", "synthetic:28x28x1,10,0,10",
        "synthetic:28x28x1,10,60,0", "synthetic:28x-28x1,10,60,10", "synthetic:axbxc,10,60,10",
        "synthetic:28,28,1,10,60,10", "synthetic:16384x16384x16384,10,60,10",
        "synthetic:28x28x1,10,99999999999999999999,10", "synthetic:28x28x1,10,60,10 "}) {
    EXPECT_NE(error_of([&] { load_dataset(bad, "", 1); }), "") << bad;
  }
}

TEST(Channels, MeanAndStandardDeviationOfTheTrainingSet) {
  TemporaryFolder folder;
  write_idx(folder);
  const Dataset dataset = load_dataset("fashion_mnist", folder.path(), 1);
  double mean = 0, variance = 0;
  for (int i = 0; i < 20 * 784; ++i) mean += i * 7 % 251 / (20.0 * 784.0);
  for (int i = 0; i < 20 * 784; ++i) variance += std::pow(i * 7 % 251 - mean, 2) / (20.0 * 784.0);
  EXPECT_NEAR(dataset.channel_mean[0], mean, 1e-9);
  EXPECT_NEAR(dataset.channel_std[0], std::sqrt(variance), 1e-9);
}

TEST(Names, UnknownOnesAreRefusedWithTheNearest) {
  EXPECT_NE(error_of([&] { load_dataset("fashion-mnist", "", 1); }).find("did you mean 'fashion_mnist'"),
            std::string::npos);
  EXPECT_NE(error_of([&] { load_dataset("cifar", "", 1); }).find("did you mean 'cifar10'"), std::string::npos);
  EXPECT_NE(error_of([&] { load_dataset("fashion_mnist:3", "", 1); }), "");
  EXPECT_NE(error_of([&] { load_dataset("", "", 1); }), "");
}

}  // namespace
}  // namespace skewbench::partitions
