// The loaders behind load_dataset(), one per kind of data. They fill name, shape, classes, source, train and test.
#pragma once

#include <cstdint>
#include <string>

#include "partitions/dataset.h"

namespace skewbench::partitions {

/// Images and labels in the IDX format of MNIST, in `directory` as {train,t10k}-{images-idx3,labels-idx1}-ubyte, each
/// with .gz or without: big-endian magic 0x803 (images) or 0x801 (labels), one count per dimension, unsigned bytes.
/// Counts are those of the files. Refuses images that are not 28x28 and labels above 9.
Dataset load_fashion_mnist(const std::string& directory);

/// The "binary version" of CIFAR-10, in `directory` or its folder cifar-10-batches-bin: data_batch_1.bin .. _5.bin and
/// test_batch.bin, each of `records` records of one label and 3 planes (R, G, B) of 32x32 bytes, converted to H, W, C.
/// The published files have 10,000 records each; refuses any other length.
Dataset load_cifar10(const std::string& directory, int64_t records = 10000);

/// u8 images made up from a recipe "HxWxC,CLASSES,TRAIN,TEST". Refuses numbers below 1, and more than 64 GiB in all.
///
/// A class is a smooth pattern: per channel a sum of 4 cosine waves of random direction, phase and up to 3 periods.
/// Image i has label i % CLASSES and is 128 + 60 * pattern, moved by up to an eighth of the image (it wraps around),
/// plus uniform noise in ±60: easy to learn, not separable pixel by pixel. Patterns, training and test images are
/// drawn from Random(seed, 0 | 1 | 2, class | index, synthetic_data).
Dataset make_synthetic(const std::string& recipe, uint64_t seed);

/// What "synthetic" without a recipe stands for: the shape and class count of Fashion-MNIST, a tenth of its size.
inline constexpr const char* kSyntheticRecipe = "28x28x1,10,6000,1000";

}  // namespace skewbench::partitions
