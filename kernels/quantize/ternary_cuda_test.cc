// Every CUDA version of TernGrad against the reference, to the bit: counts around a quad, a group, a block and a chunk, with and
// without clipping, hostile vectors.
#include "kernels/quantize/ternary_cuda.h"

#include <bit>

#include "kernels/quantize/device_test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::version_name;

const Draws kDraws(77, 1, 2, Purpose::codec, 32);
constexpr int64_t kCounts[] = {1, 2, 3, 31, 32, 33, 34, 35, 127, 129, 255, 257, 1025, 1030, 2047, 2048, 2049, 4097};

class TernaryScaleCuda : public testing::TestWithParam<device::Version<TernaryScale>> {
 protected:
  void check(const Ternary& problem, const char* name, const Values& x) {
    const ExactArray<float> in(x);
    DeviceArray<float> scale(1);
    run_version(GetParam(), "ternary_scale", TernaryScale{problem, in.data(), scale.data()});
    EXPECT_EQ(std::bit_cast<uint32_t>(scale.download()[0]), std::bit_cast<uint32_t>(ternary_scale_ref(problem, x.data())))
        << problem.count << " coordinates, clipped at " << problem.clip << ", " << name;
    EXPECT_TRUE(in.unchanged() && scale.intact());
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, TernaryScaleCuda, testing::ValuesIn(ternary_scale_versions()), version_name);

TEST_P(TernaryScaleCuda, HasTheReferencesBits) {
  NEEDS_DEVICE();
  for (const float clip : {0.0f, 2.5f}) {
    for (const int64_t count : kCounts) check({count, clip}, "climbing", climbing(count, 1));
    for (const auto& [name, x] : finite_values(2121)) check({2121, clip}, name, x);
    for (const auto& [name, x] : not_finite_values(300)) check({300, clip}, name, x);
  }
}

// Far from zero, what stands behind the last coordinate would show as a deviation; and the largest is the last of all.
TEST_P(TernaryScaleCuda, FarFromZero) {
  NEEDS_DEVICE();
  for (const int64_t count : {2, 3, 30, 33, 2049, 2051}) {
    Values x = test_arrays::normals<float>(count, 2);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1000 + x[i] + 0.01f * static_cast<float>(i);
    for (const float clip : {0.0f, 1.0f}) check({count, clip}, "far from zero", x);
  }
}

// More chunks than a block has lanes, almost all of them equal.
TEST_P(TernaryScaleCuda, ManyChunks) {
  NEEDS_DEVICE();
  Values x(257 * 2048 - 3, 1.0f);
  x[1] = 2;
  x.back() = 3;
  for (const float clip : {0.0f, 100.0f}) check({std::ssize(x), clip}, "ones, a two and a three", x);
}

class TernaryEncodeCuda : public testing::TestWithParam<device::Version<TernaryEncode>> {
 protected:
  void check(const char* name, const Values& x, float limit, float scale) {
    SCOPED_TRACE(fmt::format("{} coordinates, {}, limit {}, scale {}", x.size(), name, limit, scale));
    const Ternary problem{std::ssize(x), 2.5f};
    Message want(static_cast<std::size_t>(problem.message_words()));
    ternary_encode_ref(problem, kDraws, x.data(), limit, scale, want.data());
    const ExactArray<float> in(x), of_worker(std::span<const float>(&limit, 1)), agreed(std::span<const float>(&scale, 1));
    DeviceArray<uint32_t> message(problem.message_words());
    run_version(GetParam(), "ternary_encode", TernaryEncode{problem, kDraws, in.data(), of_worker.data(), agreed.data(), message.data()});
    ASSERT_TRUE(same_words(message.download(), want));
    ASSERT_TRUE(in.unchanged() && message.intact());
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, TernaryEncodeCuda, testing::ValuesIn(ternary_encode_versions()), version_name);

TEST_P(TernaryEncodeCuda, HasTheReferencesBytes) {
  NEEDS_DEVICE();
  for (const int64_t count : kCounts) {
    Values x = test_arrays::normals<float>(count, 3);
    check("normals", x, 2.5f, 2.75f);
    x.back() = -3;
    check("normals, the last one sent for sure", x, 2.5f, 2.5f);
  }
  for (const auto& [name, x] : finite_values(300)) {
    const float scale = ternary_scale_ref({300, 0}, x.data());
    check(name, x, scale, scale);
    check(name, x, scale, 0.25f * scale);
  }
}

TEST_P(TernaryEncodeCuda, WhatIsNotFiniteSpoilsEverything) {
  NEEDS_DEVICE();
  const Values x(70, 1.0f);
  for (const float bad : {NAN, INFINITY, -1.0f, -0.0f}) {
    check("ones", x, bad, 1);
    check("ones", x, 1, bad);
  }
}

TEST_P(TernaryEncodeCuda, RoundingTurnsAtTheDraw) {
  NEEDS_DEVICE();
  check("at their draws", at_their_draws(4096, kDraws), 1, 1);
}

TEST_P(TernaryEncodeCuda, DrawnSizes) {
  NEEDS_DEVICE();
  for (int64_t i = 0; i < test_arrays::drawn_cases(3, 100); ++i) {
    const int64_t count = test_arrays::Draw(i).from(1, 9000);
    check("drawn", test_arrays::normals<float>(count, static_cast<uint32_t>(i)), 3, 4);
  }
}

TEST(TernaryCuda, Refusals) {
  NEEDS_DEVICE();
  const DeviceArray<float> x(8);
  const auto encode = [&](std::size_t version, Ternary problem, int64_t shift, int64_t first) {
    const TernaryEncode arguments{problem, Draws(1, 0, 0, Purpose::codec, first), x.data() + shift, nullptr, nullptr, nullptr};
    return refusal([&] { device::launch(ternary_encode_versions()[version], "ternary_encode", arguments, nullptr, nullptr); });
  };
  EXPECT_EQ(encode(0, {0, 0}, 0, 0), "ternary_encode v1 coordinate_per_thread: 0 coordinates: there must be 1 to 17179869184");
  EXPECT_EQ(encode(0, {4, 0}, 0, 3), "ternary_encode v1 coordinate_per_thread: random numbers from 3 on: it must be a multiple of 4");
  EXPECT_NE(encode(1, {4, 0}, 1, 0).find("is not a multiple of 16"), std::string::npos);
  EXPECT_NE(ternary_scale_versions()[0].why_not({{4, -1}, x.data(), nullptr}).find("standard deviations"), std::string::npos);
  EXPECT_NE(ternary_scale_versions()[1].why_not({{4, 0}, x.data() + 1, nullptr}).find("is not a multiple of 16"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::quantize
