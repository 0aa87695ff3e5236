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

struct Decided {
  bool mirror;
  int64_t down, right;
  auto operator<=>(const Decided&) const = default;
};

std::vector<Decided> decided(const Augmentation& augmentation, uint64_t seed, int worker, const std::vector<int64_t>& indices,
                             const std::vector<int64_t>& passes) {
  std::vector<Decided> result;
  for (const auto& [mirror, down, right] : draw_changes(kSmall, augmentation, seed, worker, indices, passes)) result.push_back({mirror, down, right});
  return result;
}

TEST(DrawChanges, DependOnTheirKeyAlone) {
  const Augmentation both{true, 2};
  std::vector<int64_t> indices(64), passes(64, 3);
  std::iota(indices.begin(), indices.end(), int64_t{1} << 31);
  const auto batch = decided(both, 1, 2, indices, passes);
  EXPECT_EQ(batch, decided(both, 1, 2, indices, passes));
  EXPECT_NE(batch, decided(both, 2, 2, indices, passes));
  EXPECT_NE(batch, decided(both, 1, 3, indices, passes));
  EXPECT_NE(batch, decided(both, 1, 2, indices, std::vector<int64_t>(64, 4)));
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(decided(both, 1, 2, {indices[i]}, {3}), std::vector<Decided>{batch[i]}) << i;
  EXPECT_GT(std::set(batch.begin(), batch.end()).size(), 30u);  // of 50 possible
  for (int64_t& i : indices) i += int64_t{1} << 32;
  EXPECT_NE(batch, decided(both, 1, 2, indices, passes));
}

// The numbers are part of every result with augmentation.
TEST(DrawChanges, AreTheseNumbers) {
  EXPECT_EQ(decided({true, 4}, 1, 0, {0, 1, 2, 59999}, {0, 0, 7, 7}), (std::vector<Decided>{{true, 2, 1}, {true, 1, 0}, {true, -3, 1}, {false, 2, 3}}));
}

TEST(DrawChanges, MirrorHalfAndCropEverywhereWithinThePad) {
  std::vector<int64_t> indices(4000), passes(4000, 0);
  std::iota(indices.begin(), indices.end(), int64_t{0});
  const auto mirrors = decided({true, 0}, 1, 0, indices, passes), crops = decided({false, 1}, 1, 0, indices, passes);
  const auto both = decided({true, 1}, 1, 0, indices, passes);
  int mirror_count = 0;
  std::map<std::pair<int64_t, int64_t>, int> offsets;
  for (std::size_t i = 0; i < 4000; ++i) {
    EXPECT_EQ(std::pair(mirrors[i].down, mirrors[i].right), std::pair(int64_t{0}, int64_t{0}));
    EXPECT_FALSE(crops[i].mirror);
    // The same draws with both on.
    EXPECT_EQ(both[i], (Decided{mirrors[i].mirror, crops[i].down, crops[i].right}));
    mirror_count += mirrors[i].mirror;
    ++offsets[{crops[i].down, crops[i].right}];
  }
  EXPECT_NEAR(mirror_count, 2000, 4 * 31.6);  // four standard deviations
  EXPECT_EQ(offsets.size(), 9u);
  for (const auto& [offset, count] : offsets) {
    EXPECT_TRUE(std::abs(offset.first) <= 1 && std::abs(offset.second) <= 1);
    EXPECT_NEAR(count, 4000 / 9.0, 4 * 19.9);
  }
}

TEST(DrawChanges, NoneChangesNothingAndBadOnesAreRefused) {
  const std::vector<int64_t> one = {0};
  EXPECT_EQ(decided({}, 1, 0, one, one), (std::vector<Decided>{{false, 0, 0}}));
  EXPECT_NE(error_of([&] { decided({true, -1}, 1, 0, one, one); }), "");
  EXPECT_NE(error_of([&] { decided({false, 5}, 1, 0, one, one); }), "");
  EXPECT_NE(error_of([&] { decided({true, 0}, 1, 0, one, {}); }), "");
  EXPECT_NE(error_of([&] { draw_changes({SampleType::i32, {2}}, {true, 0}, 1, 0, one, one); }), "");
}

}  // namespace
}  // namespace skewbench::partitions
