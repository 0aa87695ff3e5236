// mix: hand-computed, the reference and the host version equal to the bit, in place, strides, refusals.
#include "kernels/mix/mix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/base/compare.h"
#include "kernels/base/error.h"
#include "kernels/base/random.h"

namespace skewbench::mix {
namespace {

template <class T>
std::vector<T> draw(int64_t count, uint32_t stream) {
  Random random(7, stream, 0, Purpose::probe);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(random.normal());
  return values;
}

TEST(Mix, HandComputed) {
  const double a[] = {1, 2, 3}, b[] = {10, 20, 30}, c[] = {0.5, 0.25, 0};
  const Input<double> inputs[] = {{a, 1, 2}, {b, 1, -1}, {c, 1, 4}};
  double out[3];
  mix_ref<double>(inputs, 3, out, 1);
  EXPECT_EQ(out[0], -6);
  EXPECT_EQ(out[1], -15);
  EXPECT_EQ(out[2], -24);
}

TEST(Mix, KeepsTheStatedOrderAndFusesTheMultiplication) {
  // (big - big) + small keeps small; any other order of the additions loses it.
  const float big = 1e8f, small = 1;
  const std::vector<Input<float>> inputs = {{&big, 1, 1}, {&big, 1, -1}, {&small, 1, 1}};
  // 1 + 2^-12 squared needs 25 bits: the product is exact only inside an fma.
  const float x = 1.0f + 0x1p-12f, minus = -(1.0f + 0x1p-11f);
  const std::vector<Input<float>> fused = {{&minus, 1, 1}, {&x, 1, x}};
  for (auto* version : {&mix_ref<float>, &mix_host<float>}) {
    float out = 0;
    version(inputs, 1, &out, 1);
    EXPECT_EQ(out, 1);
    version(fused, 1, &out, 1);
    EXPECT_EQ(out, 0x1p-24f);
  }
}

template <class T>
void expect_equal_bits(int64_t count, const std::vector<int64_t>& strides, int64_t out_stride) {
  const T poison = std::numeric_limits<T>::quiet_NaN();
  const T guard = 12345;
  std::vector<std::vector<T>> data;
  std::vector<Input<T>> inputs;
  for (std::size_t k = 0; k < strides.size(); ++k) {
    data.push_back(draw<T>(count * strides[k], static_cast<uint32_t>(k)));
    inputs.push_back({data[k].data(), strides[k], static_cast<T>(0.3 + 0.11 * static_cast<double>(k))});
  }
  const std::size_t size = static_cast<std::size_t>(count * out_stride);
  std::vector<T> want(size + 1, poison), got(size + 1, poison);
  for (std::size_t i = 0; i <= size; ++i) {  // what lies between the strides, and behind the end, must stay
    if (i % static_cast<std::size_t>(out_stride) != 0 || i == size) want[i] = got[i] = guard;
  }
  mix_ref<T>(inputs, count, want.data(), out_stride);
  mix_host<T>(inputs, count, got.data(), out_stride);
  const Comparison comparison = compare_bits(got, want);
  EXPECT_TRUE(comparison.ok) << comparison.summary << " count " << count << " inputs " << strides.size();
  EXPECT_EQ(got[size], guard);
  for (std::size_t i = 0; i < size; ++i)
    if (i % static_cast<std::size_t>(out_stride) != 0) {
      ASSERT_EQ(got[i], guard);
    }
}

TEST(Mix, HostEqualsReferenceToTheBit) {
  const std::vector<std::vector<int64_t>> strides = {
      {1}, {2}, {1, 1}, {1, 1, 1}, {2, 1, 2, 1, 1}, {3, 2, 1}, {1, 1, 1, 1, 1, 1, 1, 1}};
  for (int64_t count : {0, 1, 15, 16, 17, 1023, 1024, 2047, 2048, 2049, 5003})
    for (const auto& s : strides)
      for (int64_t out_stride : {1, 2, 3}) {
        expect_equal_bits<float>(count, s, out_stride);
        expect_equal_bits<double>(count, s, out_stride);
      }
}

TEST(Mix, TheOutputMayBeAnyInput) {
  const int64_t count = 3001;
  for (std::size_t target : {0, 1, 2}) {
    std::vector<std::vector<float>> data;
    std::vector<Input<float>> inputs;
    for (uint32_t k = 0; k < 3; ++k) data.push_back(draw<float>(count, k));
    for (auto& values : data) inputs.push_back({values.data(), 1, 1.0f / 3});
    std::vector<float> want(static_cast<std::size_t>(count));
    mix_ref<float>(inputs, count, want.data(), 1);
    mix_host<float>(inputs, count, data[target].data(), 1);
    EXPECT_TRUE(compare_bits(data[target], want).ok) << "target " << target;
  }
}

TEST(Mix, RefusesWhatMakesNoSense) {
  float x = 1;
  const Input<float> input{&x, 1, 1}, flat{&x, 0, 1};
  for (auto* version : {&mix_ref<float>, &mix_host<float>}) {
    EXPECT_THROW(version({}, 1, &x, 1), Error);
    EXPECT_THROW(version({&input, 1}, -1, &x, 1), Error);
    EXPECT_THROW(version({&input, 1}, 1, &x, 0), Error);
    EXPECT_THROW(version({&flat, 1}, 1, &x, 1), Error);
  }
}

}  // namespace
}  // namespace skewbench::mix
