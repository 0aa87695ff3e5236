// ReLU, add, image conversion: hand-computed, reference and host equal to the bit, NaN passes through.
#include "kernels/elementwise/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/base/compare.h"
#include "kernels/base/random.h"

namespace skewbench::elementwise {
namespace {

constexpr float kGuard = 12345;
const float kNan = std::numeric_limits<float>::quiet_NaN();

// Normal numbers, zero at every seventh place from `first_zero`: a ReLU's edge.
std::vector<float> draw(int64_t count, uint32_t stream, std::size_t first_zero = 0) {
  Random random(5, stream, 0, Purpose::probe);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  for (std::size_t i = first_zero; i < values.size(); i += 7) values[i] = 0;
  return values;
}

// An output that is poisoned, with a guard behind its end.
std::vector<float> output(int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count) + 1, kNan);
  values.back() = kGuard;
  return values;
}

TEST(Elementwise, HandComputed) {
  const float x[] = {-1, 0, 2}, dy[] = {3, 4, 5};
  float y[3], dx[3], sum[3], image[4];
  relu_forward_ref(3, x, y);
  EXPECT_EQ(std::vector<float>(y, y + 3), (std::vector<float>{0, 0, 2}));
  relu_backward_ref(3, y, dy, dx);
  EXPECT_EQ(std::vector<float>(dx, dx + 3), (std::vector<float>{0, 0, 5}));
  add_ref(3, x, dy, sum);
  EXPECT_EQ(std::vector<float>(sum, sum + 3), (std::vector<float>{2, 4, 7}));
  const uint8_t bytes[] = {0, 10, 255, 20};
  const float mean[] = {5, 10}, scale[] = {2, 0.5};
  image_to_real_ref(2, 2, bytes, mean, scale, image);
  EXPECT_EQ(std::vector<float>(image, image + 4), (std::vector<float>{-10, 0, 500, 5}));
}

TEST(Elementwise, ReluLetsNanThrough) {
  for (auto* version : {&relu_forward_ref<float>, &relu_forward_host}) {
    std::vector<float> x(33, kNan), y(33, 0);
    version(33, x.data(), y.data());
    for (float value : y) EXPECT_TRUE(std::isnan(value));
  }
}

TEST(Elementwise, HostEqualsReferenceToTheBit) {
  for (int64_t count : {1, 2, 15, 16, 17, 63, 64, 65, 1009}) {
    const std::vector<float> a = draw(count, 1), b = draw(count, 2, 3);
    std::vector<float> want = output(count), got = output(count);
    relu_forward_ref(count, a.data(), want.data());
    relu_forward_host(count, a.data(), got.data());
    EXPECT_TRUE(compare_bits(got, want).ok) << "relu " << count;
    got = a;
    got.push_back(kGuard);
    relu_forward_host(count, got.data(), got.data());
    EXPECT_TRUE(compare_bits(got, want).ok) << "relu in place " << count;
    want = got = output(count);
    relu_backward_ref(count, a.data(), b.data(), want.data());
    relu_backward_host(count, a.data(), b.data(), got.data());
    EXPECT_TRUE(compare_bits(got, want).ok) << "relu backward " << count;
    want = got = output(count);
    add_ref(count, a.data(), b.data(), want.data());
    add_host(count, a.data(), b.data(), got.data());
    EXPECT_TRUE(compare_bits(got, want).ok) << "add " << count;
  }
}

TEST(Elementwise, ImagesOfAnyChannelCount) {
  const std::vector<float> mean = {125.3f, 123, 113.9f, 7, 1}, scale = {0.0158f, 0.016f, 0.015f, 1, 2};
  for (int64_t channels : {1, 2, 3, 5})
    for (int64_t pixels : {1, 15, 16, 17, 784}) {
      std::vector<uint8_t> images(static_cast<std::size_t>(pixels * channels));
      Random random(3, 0, 0, Purpose::probe);
      for (uint8_t& byte : images) byte = static_cast<uint8_t>(random.bits());
      std::vector<float> want = output(pixels * channels), got = want;
      image_to_real_ref(pixels, channels, images.data(), mean.data(), scale.data(), want.data());
      image_to_real_host(pixels, channels, images.data(), mean.data(), scale.data(), got.data());
      EXPECT_TRUE(compare_bits(got, want).ok) << channels << " channels, " << pixels << " pixels";
    }
}

}  // namespace
}  // namespace skewbench::elementwise
