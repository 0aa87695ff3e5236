#include "partitions/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <set>

#include "partitions/temporary_folder.h"

namespace skewbench::partitions {
namespace {

std::vector<int64_t> some_share(int64_t size) {
  std::vector<int64_t> share(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < share.size(); ++i) share[i] = 1000 + 3 * static_cast<int64_t>(i);
  return share;
}

std::vector<int64_t> take(Sampler& sampler, int64_t count) {
  std::vector<int64_t> indices;
  sampler.next(count, indices);
  return indices;
}

TEST(Sampler, CoversItsShareOncePerPassWhateverTheBatch) {
  for (const int64_t batch : {1, 4, 7, 10, 23}) {
    Sampler sampler(some_share(10), 1, 3);
    std::vector<int64_t> indices, passes;
    while (indices.size() < 40) sampler.next(batch, indices, &passes);
    ASSERT_EQ(indices.size(), passes.size());
    EXPECT_EQ(sampler.samples_seen(), std::ssize(indices));
    for (std::size_t pass = 0; pass < 4; ++pass) {
      std::vector<int64_t> seen(indices.begin() + static_cast<int64_t>(10 * pass),
                                indices.begin() + static_cast<int64_t>(10 * pass + 10));
      std::ranges::sort(seen);
      EXPECT_EQ(seen, some_share(10)) << "batch " << batch << ", pass " << pass;
      for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(passes[10 * pass + i], static_cast<int64_t>(pass));
    }
  }
}

TEST(Sampler, OrderIsKeyedBySeedWorkerAndPass) {
  Sampler a(some_share(50), 1, 3), same(some_share(50), 1, 3), other_seed(some_share(50), 2, 3),
      other_worker(some_share(50), 1, 4);
  const auto first = take(a, 50);
  EXPECT_EQ(first, take(same, 50));
  EXPECT_NE(first, take(other_seed, 50));
  EXPECT_NE(first, take(other_worker, 50));
  EXPECT_NE(first, take(a, 50));  // its next pass
}

TEST(Sampler, RestoreContinuesTheSameStream) {
  for (const int64_t seen : {0, 3, 10, 11, 29}) {
    Sampler one(some_share(10), 5, 0), restored(some_share(10), 5, 0);
    take(one, seen);
    restored.restore(one.pass(), one.position());
    EXPECT_EQ(restored.samples_seen(), seen);
    EXPECT_EQ(take(restored, 37), take(one, 37)) << seen;
  }
}

TEST(Sampler, RefusesWhatCannotBe) {
  EXPECT_NE(error_of([] { Sampler({}, 1, 0); }), "");
  EXPECT_NE(error_of([] { Sampler({1}, 1, -1); }), "");
  Sampler sampler(some_share(10), 1, 0);
  EXPECT_NE(error_of([&] { sampler.restore(0, 10); }), "");
  EXPECT_NE(error_of([&] { sampler.restore(-1, 0); }), "");
  EXPECT_NE(error_of([&] { sampler.restore(int64_t{1} << 32, 0); }), "");
  EXPECT_NE(error_of([&] { take(sampler, -1); }), "");
}

// Images whose values tell where they come from: 1, 2, 3, .. in memory order.
template <class T>
AlignedVector<std::byte> numbered(const SampleShape& shape, int64_t count) {
  AlignedVector<std::byte> bytes(static_cast<std::size_t>(count * shape.bytes()));
  for (int64_t i = 0; i < count * shape.elements(); ++i) {
    const auto value = static_cast<T>(1 + i);
    std::memcpy(bytes.data() + i * element_bytes(shape.type), &value, sizeof value);
  }
  return bytes;
}

const SampleShape kSmall{SampleType::u8, {4, 5, 3}};

TEST(Gather, CopiesInTheOrderOfTheIndices) {
  Split split;
  split.count = 4;
  split.samples = numbered<uint8_t>(kSmall, 4);
  AlignedVector<std::byte> out(3 * 60 + 1, std::byte{0xAA});
  gather(split, kSmall, std::vector<int64_t>{2, 0, 2}, out.data());
  EXPECT_EQ(std::memcmp(out.data(), split.samples.data() + 120, 60), 0);
  EXPECT_EQ(std::memcmp(out.data() + 60, split.samples.data(), 60), 0);
  EXPECT_EQ(std::memcmp(out.data() + 120, split.samples.data() + 120, 60), 0);
  EXPECT_EQ(out[180], std::byte{0xAA});
}

TEST(Mirror, ReversesColumnsAndKeepsChannels) {
  const SampleShape shape{SampleType::u8, {1, 3, 2}};
  auto image = numbered<uint8_t>(shape, 1);  // 1 2 | 3 4 | 5 6
  mirror_image(shape, image.data());
  EXPECT_EQ(image, (AlignedVector<std::byte>{std::byte{5}, std::byte{6}, std::byte{3}, std::byte{4}, std::byte{1},
                                             std::byte{2}}));
}

TEST(Mirror, TwiceIsTheIdentity) {
  for (const SampleShape& shape :
       {kSmall, SampleShape{SampleType::f32, {3, 4, 1}}, SampleShape{SampleType::f64, {1, 1, 2}}}) {
    const auto original = shape.type == SampleType::u8    ? numbered<uint8_t>(shape, 1)
                          : shape.type == SampleType::f32 ? numbered<float>(shape, 1)
                                                          : numbered<double>(shape, 1);
    auto image = original;
    mirror_image(shape, image.data());
    EXPECT_EQ(image == original, shape.dims[1] == 1);
    mirror_image(shape, image.data());
    EXPECT_EQ(image, original);
  }
}

// Every shift against the definition, in place, with guard bytes on both sides.
template <class T>
void check_shifts(const SampleShape& shape) {
  const int64_t height = shape.dims[0], width = shape.dims[1], channels = shape.dims[2];
  const auto original = numbered<T>(shape, 1);
  for (int64_t down = -height - 1; down <= height + 1; ++down) {
    for (int64_t right = -width - 1; right <= width + 1; ++right) {
      AlignedVector<std::byte> buffer(original.size() + 16, std::byte{0x5A});
      std::ranges::copy(original, buffer.begin() + 8);
      shift_image(shape, down, right, buffer.data() + 8);
      for (std::size_t i = 0; i < 8; ++i)
        ASSERT_TRUE(buffer[i] == std::byte{0x5A} && buffer[buffer.size() - 1 - i] == std::byte{0x5A});
      for (int64_t h = 0; h < height; ++h) {
        for (int64_t w = 0; w < width; ++w) {
          for (int64_t c = 0; c < channels; ++c) {
            const int64_t from_h = h + down, from_w = w + right;
            const bool is_inside = from_h >= 0 && from_h < height && from_w >= 0 && from_w < width;
            T value;
            std::memcpy(&value, buffer.data() + 8 + ((h * width + w) * channels + c) * static_cast<int64_t>(sizeof(T)),
                        sizeof value);
            ASSERT_EQ(value, is_inside ? static_cast<T>(1 + (from_h * width + from_w) * channels + c) : T{0})
                << "down " << down << ", right " << right << ", pixel " << h << " " << w;
          }
        }
      }
    }
  }
}

TEST(Shift, EveryOffsetAgainstTheDefinition) {
  check_shifts<uint8_t>(kSmall);
  check_shifts<float>({SampleType::f32, {3, 2, 1}});
  check_shifts<uint8_t>({SampleType::u8, {1, 1, 1}});
}

AlignedVector<std::byte> augmented(const Augmentation& augmentation, uint64_t seed, int worker,
                                   const std::vector<int64_t>& indices, const std::vector<int64_t>& passes) {
  auto batch = numbered<uint8_t>(kSmall, 1);
  AlignedVector<std::byte> all;
  for (std::size_t i = 0; i < indices.size(); ++i) all.insert(all.end(), batch.begin(), batch.end());
  augment(kSmall, augmentation, seed, worker, indices, passes, all.data());
  return all;
}

TEST(Augment, DependsOnItsKeyAlone) {
  const Augmentation both{true, 2};
  std::vector<int64_t> indices(64), passes(64, 3);
  std::iota(indices.begin(), indices.end(), int64_t{1} << 31);
  const auto batch = augmented(both, 1, 2, indices, passes);
  EXPECT_EQ(batch, augmented(both, 1, 2, indices, passes));
  EXPECT_NE(batch, augmented(both, 2, 2, indices, passes));
  EXPECT_NE(batch, augmented(both, 1, 3, indices, passes));
  EXPECT_NE(batch, augmented(both, 1, 2, indices, std::vector<int64_t>(64, 4)));
  std::set<std::vector<std::byte>> different;
  for (std::size_t i = 0; i < 64; ++i) {
    const auto alone = augmented(both, 1, 2, {indices[i]}, {3});
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), batch.begin() + static_cast<int64_t>(60 * i))) << i;
    different.emplace(alone.begin(), alone.end());
  }
  EXPECT_GT(different.size(), 30u);  // of 50 possible
  for (int64_t& i : indices) i += int64_t{1} << 32;
  EXPECT_NE(batch, augmented(both, 1, 2, indices, passes));
}

TEST(Augment, MirrorsHalfAndCropsEverywhereWithinThePad) {
  const auto original = numbered<uint8_t>(kSmall, 1);
  auto mirrored = original;
  mirror_image(kSmall, mirrored.data());
  std::vector<int64_t> indices(4000), passes(4000, 0);
  std::iota(indices.begin(), indices.end(), int64_t{0});
  const auto mirrors = augmented({true, 0}, 1, 0, indices, passes);
  const auto crops = augmented({false, 1}, 1, 0, indices, passes);
  const auto both = augmented({true, 1}, 1, 0, indices, passes);
  int mirror_count = 0;
  std::map<std::pair<int64_t, int64_t>, int> offsets;
  for (int64_t i = 0; i < 4000; ++i) {
    const std::byte* image = mirrors.data() + 60 * i;
    const bool is_mirrored = std::equal(mirrored.begin(), mirrored.end(), image);
    EXPECT_TRUE(is_mirrored || std::equal(original.begin(), original.end(), image));
    mirror_count += is_mirrored;
    int matches = 0;
    for (int64_t down = -1; down <= 1; ++down) {
      for (int64_t right = -1; right <= 1; ++right) {
        auto cropped = original, first_mirrored = is_mirrored ? mirrored : original;
        shift_image(kSmall, down, right, cropped.data());
        if (!std::equal(cropped.begin(), cropped.end(), crops.data() + 60 * i)) continue;
        ++matches;
        ++offsets[{down, right}];
        // The same draws with both on: mirror first, then the same crop.
        shift_image(kSmall, down, right, first_mirrored.data());
        EXPECT_TRUE(std::equal(first_mirrored.begin(), first_mirrored.end(), both.data() + 60 * i));
      }
    }
    EXPECT_EQ(matches, 1) << i;
  }
  EXPECT_NEAR(mirror_count, 2000, 4 * 31.6);  // four standard deviations
  EXPECT_EQ(offsets.size(), 9u);
  for (const auto& [offset, count] : offsets) EXPECT_NEAR(count, 4000 / 9.0, 4 * 19.9);
}

TEST(Augment, NoneChangesNothingAndBadOnesAreRefused) {
  const std::vector<int64_t> one = {0};
  EXPECT_EQ(augmented({}, 1, 0, one, one), numbered<uint8_t>(kSmall, 1));
  EXPECT_NE(error_of([&] { augmented({true, -1}, 1, 0, one, one); }), "");
  EXPECT_NE(error_of([&] { augmented({false, 5}, 1, 0, one, one); }), "");
  EXPECT_NE(error_of([&] { augmented({true, 0}, 1, 0, one, {}); }), "");
  std::byte tokens[8]{};
  EXPECT_NE(error_of([&] { augment({SampleType::i32, {2}}, {true, 0}, 1, 0, one, one, tokens); }), "");
}

}  // namespace
}  // namespace skewbench::partitions
