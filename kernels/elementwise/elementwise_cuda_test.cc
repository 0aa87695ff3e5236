// Every CUDA version against the reference, to the bit: counts around a quad, a block and a warp, unaligned where a version
// takes it; and again with a grid of one block, so that a thread takes up to sixteen turns of loops that nvcc unrolls.
#include "kernels/elementwise/elementwise_cuda.h"

#include "kernels/base/device_arrays.h"
#include "kernels/elementwise/elementwise.h"

namespace skewbench::elementwise {
namespace {

using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;

constexpr int64_t kCounts[] = {1, 3, 4, 5, 31, 255, 256, 257, 1023, 1024, 1025, 4099};
constexpr int64_t kTurns[] = {1, 2, 5, 6, 7, 8, 9, 11};  // of one block's loop, of 256 or 1,024 elements

/// check(count, shift) with an ordinary grid, and with one block where its threads take several turns.
template <class Check>
void for_sizes(Check check) {
  for (const int64_t count : kCounts)
    for (const int64_t shift : {0, 1}) check(count, shift);
  const test_arrays::FewBlocks one(1);
  for (const int64_t turns : kTurns)
    for (const int64_t elements : {256, 1024}) check(turns * elements - 3, int64_t{0});
}

// Standard normals with zeros at the ReLU's edge and one NaN, which every version must pass on.
AlignedVector<float> values(int64_t count, uint32_t stream) {
  auto result = test_arrays::normals<float>(count, stream);
  for (std::size_t i = stream; i < result.size(); i += 7) result[i] = 0;
  if (count > 4) result[4] = std::nanf("");
  return result;
}

::testing::AssertionResult same_bytes(const std::vector<float>& got, const AlignedVector<float>& want) {
  for (std::size_t i = 0; i < want.size(); ++i)
    if (std::memcmp(&got[i], &want[i], 4) != 0 && !(std::isnan(got[i]) && std::isnan(want[i])))
      return ::testing::AssertionFailure() << "element " << i << ": " << got[i] << " instead of " << want[i];
  return ::testing::AssertionSuccess();
}

TEST(ElementwiseCuda, ReluForward) {
  NEEDS_DEVICE();
  for (const auto& version : relu_forward_versions())
    for_sizes([&](int64_t count, int64_t shift) {
      const auto x = values(count, 1);
      AlignedVector<float> want(x.size());
      relu_forward_ref(count, x.data(), want.data());
      const DeviceArray<float> in(x, shift);
      DeviceArray<float> out(count, shift);
      const ReluForward arguments{count, in.data(), out.data()};
      if (!version.why_not(arguments).empty()) return;
      run_version(version, "relu_forward", arguments);
      EXPECT_TRUE(same_bytes(out.download(), want)) << version.idea << ", " << count;
      EXPECT_TRUE(in.intact() && out.intact());
    });
}

TEST(ElementwiseCuda, ReluBackward) {
  NEEDS_DEVICE();
  for (const auto& version : relu_backward_versions())
    for_sizes([&](int64_t count, int64_t shift) {
      const auto y = values(count, 2), dy = values(count, 3);
      AlignedVector<float> want(y.size());
      relu_backward_ref(count, y.data(), dy.data(), want.data());
      const DeviceArray<float> in_y(y, shift), in_dy(dy, shift);
      DeviceArray<float> out(count, shift);
      const ReluBackward arguments{count, in_y.data(), in_dy.data(), out.data()};
      if (!version.why_not(arguments).empty()) return;
      run_version(version, "relu_backward", arguments);
      EXPECT_TRUE(same_bytes(out.download(), want)) << version.idea << ", " << count;
      EXPECT_TRUE(in_y.intact() && in_dy.intact() && out.intact());
    });
}

TEST(ElementwiseCuda, Add) {
  NEEDS_DEVICE();
  for (const auto& version : add_versions())
    for_sizes([&](int64_t count, int64_t shift) {
      const auto a = values(count, 4), b = values(count, 5);
      AlignedVector<float> want(a.size());
      add_ref(count, a.data(), b.data(), want.data());
      const DeviceArray<float> in_a(a, shift), in_b(b, shift);
      DeviceArray<float> out(count, shift);
      const Add arguments{count, in_a.data(), in_b.data(), out.data()};
      if (!version.why_not(arguments).empty()) return;
      run_version(version, "add", arguments);
      EXPECT_TRUE(same_bytes(out.download(), want)) << version.idea << ", " << count;
      EXPECT_TRUE(in_a.intact() && in_b.intact() && out.intact());
    });
}

TEST(ElementwiseCuda, ImageToReal) {
  NEEDS_DEVICE();
  const auto check = [](const auto& version, int64_t pixels, int64_t channels) {
    const int64_t count = pixels * channels;
    std::vector<uint8_t> images(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<uint8_t>(i * 89);
    const auto mean = test_arrays::normals<float>(channels, 6), scale = test_arrays::normals<float>(channels, 7);
    AlignedVector<float> want(images.size());
    image_to_real_ref(pixels, channels, images.data(), mean.data(), scale.data(), want.data());
    const DeviceArray<uint8_t> in{std::span<const uint8_t>(images)};
    const DeviceArray<float> in_mean(mean), in_scale(scale);
    DeviceArray<float> out(count);
    run_version(version, "image_to_real", ImageToReal{pixels, channels, in.data(), in_mean.data(), in_scale.data(), out.data()});
    EXPECT_TRUE(same_bytes(out.download(), want)) << version.idea << ", " << pixels << " pixels";
    EXPECT_TRUE(in.intact() && in_mean.intact() && in_scale.intact() && out.intact());
  };
  for (const auto& version : image_to_real_versions()) {
    for (const int64_t pixels : {1, 2, 7, 255, 257, 1030})  // blocks of the last begin in every channel
      for (const int64_t channels : {1, 2, 3, 4, 5, 7}) check(version, pixels, channels);
    const test_arrays::FewBlocks one(1);
    for (const int64_t turns : kTurns)
      for (const int64_t elements : {256, 1024}) check(version, turns * elements - 3, 1), check(version, turns * elements / 3, 3);
  }
}

TEST(ElementwiseCuda, Refusals) {
  NEEDS_DEVICE();
  DeviceArray<float> out(8);
  const auto refused = [](const auto& version, const auto& arguments) {
    return refusal([&] { device::launch(version, "add", arguments, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(add_versions()[0], Add{0, out.data(), out.data(), out.data()}),
            "add v1 grid_stride: 0 elements: there must be at least one");
  EXPECT_NE(refused(add_versions()[1], Add{4, out.data(), out.data() + 1, out.data()}).find("is not a multiple of 16"), std::string::npos);
  DeviceArray<uint8_t> bytes(8);
  const auto images = [&](int64_t channels, int64_t shift) {
    return refused(image_to_real_versions()[1], ImageToReal{1, channels, bytes.data() + shift, out.data(), out.data(), out.data()});
  };
  EXPECT_EQ(images(65536, 0), "add v2 four_at_once: 65536 channels: there may be 65535");
  EXPECT_NE(images(3, 1).find("are not at a multiple of 4"), std::string::npos);
  EXPECT_EQ(refusal([] { device::find_version(add_versions(), 9, "add"); }), "add has no v9; it has v1 grid_stride, v2 four_at_once");
}

}  // namespace
}  // namespace skewbench::elementwise
