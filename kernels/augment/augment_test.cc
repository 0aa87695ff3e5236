// The reference against hand-made images and the definition, the version in place against the reference for every shift.
#include "kernels/augment/augment.h"

#include "kernels/base/test_arrays.h"

namespace skewbench::augment {
namespace {

using test_arrays::Guarded;
using test_arrays::refusal;
using Bytes = std::vector<uint8_t>;

// 1, 2, 3, ...: no byte is zero, and neighbours differ.
Bytes numbered(int64_t size) {
  Bytes bytes(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(1 + i % 255);
  return bytes;
}

Bytes reference(const Problem& problem, const Bytes& images, const std::vector<Change>& changes) {
  Guarded<uint8_t> out(std::ssize(images));
  augment_ref(problem, std::ssize(changes), images.data(), changes.data(), out.data());
  EXPECT_TRUE(out.guards_intact());
  return {out.span().begin(), out.span().end()};
}

Bytes in_place(const Problem& problem, const Bytes& images, const std::vector<Change>& changes) {
  Guarded<uint8_t> batch(std::ssize(images), 1);
  std::copy(images.begin(), images.end(), batch.data());
  augment_host(problem, std::ssize(changes), changes.data(), batch.data());
  EXPECT_TRUE(batch.guards_intact());
  return {batch.span().begin(), batch.span().end()};
}

TEST(AugmentRef, HandMade) {
  const Problem problem{2, 3, 1};
  const Bytes image = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(reference(problem, image, {{0, 0, 0}}), image);
  EXPECT_EQ(reference(problem, image, {{1, 0, 0}}), (Bytes{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(reference(problem, image, {{0, 1, 0}}), (Bytes{4, 5, 6, 0, 0, 0}));
  EXPECT_EQ(reference(problem, image, {{0, -1, 0}}), (Bytes{0, 0, 0, 1, 2, 3}));
  EXPECT_EQ(reference(problem, image, {{0, 0, 1}}), (Bytes{2, 3, 0, 5, 6, 0}));
  EXPECT_EQ(reference(problem, image, {{1, 0, 1}}), (Bytes{2, 1, 0, 5, 4, 0}));   // first 3 2 1, then its columns 1, 2
  EXPECT_EQ(reference(problem, image, {{1, 1, -2}}), (Bytes{0, 0, 6, 0, 0, 0}));
  EXPECT_EQ(reference(problem, image, {{0, 5, 0}}), Bytes(6, 0));
  EXPECT_EQ(reference({1, 3, 2}, image, {{1, 0, 0}}), (Bytes{5, 6, 3, 4, 1, 2}));  // channels keep their order
}

TEST(AugmentHost, EveryChangeIsTheReferences) {
  for (const Problem& problem : {Problem{4, 5, 3}, {3, 2, 4}, {1, 1, 1}, {2, 1, 16}}) {
    const int64_t height = problem.h, width = problem.w;
    std::vector<Change> changes;
    for (int64_t down = -height - 1; down <= height + 1; ++down)
      for (int64_t right = -width - 1; right <= width + 1; ++right)
        for (int32_t mirror : {0, 1}) changes.push_back({mirror, static_cast<int32_t>(down), static_cast<int32_t>(right)});
    const Bytes images = numbered(problem.image_bytes() * std::ssize(changes));
    EXPECT_EQ(in_place(problem, images, changes), reference(problem, images, changes));
  }
}

TEST(Augment, RefusesEmptyAndHugeImages) {
  EXPECT_EQ(refusal([] { check({4, 0, 3}); }), "images of 4 x 0 pixels of 3 bytes: extents must be positive");
  EXPECT_EQ(refusal([] { check({int64_t{1} << 31, 1, 1}); }), "images of 2147483648 x 1 pixels of 1 bytes: extents must be below 2^31");
}

}  // namespace
}  // namespace skewbench::augment
