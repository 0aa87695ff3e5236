// Labelled samples in memory: Fashion-MNIST, CIFAR-10 and synthetic images, checked byte by byte when they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/base/aligned.h"
#include "kernels/base/names.h"

namespace skewbench::partitions {

enum class SampleType { u8, f32, f64, i32 };

/// Bytes of one element.
int64_t element_bytes(SampleType type);

/// What one sample is. Images are H, W, C, channel fastest; every dimension is positive.
struct SampleShape {
  SampleType type = SampleType::u8;
  std::vector<int64_t> dims;

  int64_t elements() const;
  int64_t bytes() const;
};

/// `count` samples one after the other without padding, and one label in [0, classes) for each.
struct Split {
  AlignedVector<std::byte> samples;
  std::vector<int32_t> labels;
  int64_t count = 0;

  /// First byte of sample i, 0 <= i < count.
  const std::byte* sample(int64_t i, const SampleShape& shape) const { return samples.data() + i * shape.bytes(); }
};

struct Dataset {
  std::string name;  ///< as the user typed it
  SampleShape shape;
  int classes = 0;
  std::string source;  ///< the directory that was read, or the recipe of generated data, seed included
  Split train, test;
  /// Per channel over the training set, in 0 .. 255 units; empty unless the samples are u8 images.
  std::vector<double> channel_mean, channel_std;
};

/// Loads "fashion_mnist", "cifar10", "synthetic" or "synthetic:HxWxC,CLASSES,TRAIN,TEST".
///
/// `data_dir` is where the files are; empty means the default of the dataset (list_datasets() names it). `seed`
/// matters to synthetic data only. Throws one sentence for an unknown name, and for a file that is missing, truncated,
/// too long, corrupt, of the wrong kind, or holds a label out of range: which file, what was found, what was expected.
Dataset load_dataset(const std::string& name, const std::string& data_dir, uint64_t seed);

/// Every name that load_dataset knows, with a sentence.
std::vector<Named> list_datasets();

}  // namespace skewbench::partitions
