// Every CUDA version of the scaled sign against the reference, to the bit: counts around a quad, a group, a block and a
// chunk, with and without a memory, hostile vectors.
#include "kernels/quantize/scaled_sign_cuda.h"

#include "kernels/quantize/device_test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::version_name;

constexpr int64_t kCounts[] = {1, 2, 31, 32, 33, 34, 35, 127, 129, 255, 257, 1024, 1027, 2047, 2048, 2049, 4097};

using EncodeVersion = device::Version<ScaledSignEncode>;
using DecodeVersion = device::Version<ScaledSignDecode>;

class ScaledSignEncodeCuda : public testing::TestWithParam<EncodeVersion> {
 protected:
  // An empty memory: without error feedback.
  void check(const char* name, const Values& x, const Values& memory, int64_t shift = 0) {
    SCOPED_TRACE(fmt::format("{} coordinates, {}{}", x.size(), name, memory.empty() ? "" : ", with a memory"));
    const ScaledSign problem{std::ssize(x)};
    Message want(static_cast<std::size_t>(problem.message_words()));
    Values kept = memory;
    scaled_sign_encode_ref(problem, x.data(), memory.empty() ? nullptr : kept.data(), want.data());

    const ExactArray<float> in(x, shift);
    ExactArray<float> on_device(memory, shift);
    DeviceArray<uint32_t> message(problem.message_words());
    const ScaledSignEncode arguments{problem, in.data(), memory.empty() ? nullptr : on_device.data(), message.data()};
    if (!GetParam().why_not(arguments).empty()) return;
    run_version(GetParam(), "scaled_sign_encode", arguments);
    ASSERT_TRUE(same_words(message.download(), want));
    if (!memory.empty()) {
      ASSERT_EQ(std::memcmp(on_device.download().data(), kept.data(), 4 * kept.size()), 0);
    }
    ASSERT_TRUE(in.unchanged() && message.intact());
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, ScaledSignEncodeCuda, testing::ValuesIn(scaled_sign_encode_versions()), version_name);

TEST_P(ScaledSignEncodeCuda, HasTheReferencesBytes) {
  NEEDS_DEVICE();
  for (const int64_t count : kCounts)
    for (const int64_t shift : {0, 1}) {
      Values x = test_arrays::normals<float>(count, 1);
      x.back() = -100;
      check("normals", x, {}, shift);
      check("normals", x, test_arrays::normals<float>(count, 2), shift);
    }
}

TEST_P(ScaledSignEncodeCuda, HostileVectors) {
  NEEDS_DEVICE();
  for (const auto& [name, x] : finite_values(2121)) check(name, x, test_arrays::normals<float>(2121, 3));
  for (const auto& [name, x] : not_finite_values(300)) check(name, x, Values(300));
}

// More chunks than a block has lanes; the last one has a share of its own.
TEST_P(ScaledSignEncodeCuda, ManyChunks) {
  NEEDS_DEVICE();
  Values x(257 * 2048 - 3);
  x.back() = 0x1p20f;
  check("zeros and one number", x, {});
}

TEST_P(ScaledSignEncodeCuda, DrawnSizes) {
  NEEDS_DEVICE();
  for (int64_t i = 0; i < test_arrays::drawn_cases(3, 100); ++i) {
    const int64_t count = test_arrays::Draw(i).from(1, 9000);
    check("drawn", test_arrays::normals<float>(count, static_cast<uint32_t>(i)), test_arrays::normals<float>(count, 4));
  }
}

class ScaledSignDecodeCuda : public testing::TestWithParam<DecodeVersion> {};
INSTANTIATE_TEST_SUITE_P(Versions, ScaledSignDecodeCuda, testing::ValuesIn(scaled_sign_decode_versions()), version_name);

TEST_P(ScaledSignDecodeCuda, HasTheReferencesBits) {
  NEEDS_DEVICE();
  for (const int64_t count : kCounts)
    for (const bool add : {false, true})
      for (const bool is_finite : {true, false}) {
        const ScaledSign problem{count};
        Values x = test_arrays::normals<float>(count, 5);
        if (!is_finite) x[0] = INFINITY;
        Message message(static_cast<std::size_t>(problem.message_words()));
        scaled_sign_encode_ref(problem, x.data(), nullptr, message.data());
        const Values start = test_arrays::normals<float>(count, 6);
        Values want = start;
        scaled_sign_decode_ref(problem, message.data(), want.data(), add);
        const ExactArray<uint32_t> in{std::span<const uint32_t>(message)};
        ExactArray<float> sum(start);
        DeviceArray<float> out(count);
        run_version(GetParam(), "scaled_sign_decode", ScaledSignDecode{problem, in.data(), add ? sum.data() : out.data(), add});
        ASSERT_TRUE(same_floats(add ? sum.download() : out.download(), want)) << count << " coordinates" << (add ? ", added" : "");
        ASSERT_TRUE(in.unchanged() && out.intact());
      }
}

TEST(ScaledSignCuda, Refusals) {
  NEEDS_DEVICE();
  DeviceArray<float> x(8);
  const auto refused = [&](std::size_t version, int64_t count, int64_t of_x, int64_t of_memory) {
    const ScaledSignEncode arguments{{count}, x.data() + of_x, x.data() + of_memory, nullptr};
    return refusal([&] { device::launch(scaled_sign_encode_versions()[version], "scaled_sign_encode", arguments, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(0, 0, 0, 0), "scaled_sign_encode v1 coordinate_per_thread: 0 coordinates: there must be 1 to 17179869184");
  EXPECT_NE(refused(1, 4, 1, 0).find("is not a multiple of 16"), std::string::npos);
  EXPECT_NE(refused(1, 4, 0, 1).find("is not a multiple of 16"), std::string::npos);
  EXPECT_NE(scaled_sign_decode_versions()[1].why_not({{4}, nullptr, x.data() + 1, false}).find("is not a multiple of 16"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::quantize
