// Every CUDA version against the reference, byte for byte: every shift of a small image, images around a block.
#include "kernels/augment/augment_cuda.h"

#include <algorithm>

#include "kernels/base/device_arrays.h"

namespace skewbench::augment {
namespace {

using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::version_name;
using Bytes = std::vector<uint8_t>;

// Three numbers an image, as a Change has them.
using Changes = std::vector<int32_t>;

// False where the version does not take the problem.
bool expect_reference(const device::Version<Augment>& version, const Problem& problem, const Changes& changes) {
  SCOPED_TRACE(fmt::format("{} x {} pixels of {} bytes", problem.h, problem.w, problem.pixel_bytes));
  const int64_t n = std::ssize(changes) / 3;
  Bytes images(static_cast<std::size_t>(n * problem.image_bytes())), want(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<uint8_t>(1 + i % 251);
  augment_ref(problem, n, images.data(), reinterpret_cast<const Change*>(changes.data()), want.data());
  const DeviceArray<uint8_t> in{std::span<const uint8_t>(images)};
  const DeviceArray<int32_t> in_changes{std::span<const int32_t>(changes)};
  DeviceArray<uint8_t> out(std::ssize(images));
  const Augment arguments{problem, n, in.data(), reinterpret_cast<const Change*>(in_changes.data()), out.data()};
  if (!version.why_not(arguments).empty()) return false;
  run_version(version, "augment", arguments);
  EXPECT_EQ(out.download(), want);
  EXPECT_TRUE(in.intact() && in_changes.intact() && out.intact());
  return true;
}

class AugmentCuda : public ::testing::TestWithParam<device::Version<Augment>> {};
INSTANTIATE_TEST_SUITE_P(Versions, AugmentCuda, ::testing::ValuesIn(augment_versions()), version_name);

TEST_P(AugmentCuda, EveryChangeOfSmallImages) {
  NEEDS_DEVICE();
  int taken = 0;
  for (const Problem& problem : {Problem{4, 5, 3}, {3, 2, 4}, {1, 1, 1}, {2, 1, 16}, {3, 7, 1}}) {
    Changes changes;
    for (int64_t down = -problem.h - 1; down <= problem.h + 1; ++down)
      for (int64_t right = -problem.w - 1; right <= problem.w + 1; ++right)
        for (const int64_t value : {int64_t{0}, down, right, int64_t{1}, down, right}) changes.push_back(static_cast<int32_t>(value));
    taken += expect_reference(GetParam(), problem, changes);
  }
  EXPECT_GE(taken, 3);
}

TEST_P(AugmentCuda, ImagesAroundABlock) {
  NEEDS_DEVICE();
  const Changes changes = {1, 1, -2, 0, -1, 3, 1, 0, 0};
  for (const Problem& problem : {Problem{1, 127, 4}, {1, 128, 4}, {1, 129, 4}, {43, 4, 3}, {1, 127, 1}, {1, 129, 1}, {7, 23, 3}, {32, 32, 3}})
    expect_reference(GetParam(), problem, changes);
  for (int64_t i = 0; i < test_arrays::drawn_cases(3, 200); ++i) {
    test_arrays::Draw draw(i);
    Changes drawn;
    for (int64_t n = draw.from(1, 5); n > 0; --n)
      for (const int64_t value : {draw.from(0, 1), draw.from(-4, 4), draw.from(-4, 4)}) drawn.push_back(static_cast<int32_t>(value));
    expect_reference(GetParam(), {draw.from(1, 15), draw.from(1, 15), draw.from(1, 5)}, drawn);
  }
}

TEST(AugmentCudaCalls, Refusals) {
  NEEDS_DEVICE();
  DeviceArray<uint8_t> a(64);
  const auto refused = [&](std::size_t version, const Problem& problem, int64_t n, uint8_t* out) {
    return refusal([&] { device::launch(augment_versions()[version], "augment", Augment{problem, n, a.data(), nullptr, out}, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(0, {4, 0, 3}, 1, a.data()), "augment v1 byte_per_thread: images of 4 x 0 pixels of 3 bytes: extents must be positive");
  EXPECT_EQ(refused(0, {4, 4, 1}, 0, a.data()), "augment v1 byte_per_thread: batch size 0: it must be positive");
  EXPECT_EQ(refused(0, {4096, 4096, 3}, 1, a.data()),
            "augment v1 byte_per_thread: images of 4096 x 4096 pixels of 3 bytes: there may be 8388480 bytes in one");
  EXPECT_EQ(refused(0, {4, 4, 1}, int64_t{1} << 31, a.data()), "augment v1 byte_per_thread: 2147483648 images: too many for a grid");
  EXPECT_EQ(refused(1, {3, 3, 1}, 1, a.data()), "augment v2 four_bytes: images of 9 bytes: not a multiple of 4");
  EXPECT_NE(refused(1, {4, 4, 1}, 1, a.data() + 1).find("is not a multiple of 4"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::augment
