// Every CUDA version of QSGD against the reference, to the bit: counts around a quad, a group, a block and a chunk, buckets of
// one group, of half a chunk, of several chunks and of the whole tensor, hostile vectors.
#include "kernels/quantize/qsgd_cuda.h"

#include "kernels/quantize/device_test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::version_name;

const Draws kDraws(1234, 3, 17, Purpose::codec, 64);
constexpr int64_t kTensor = INT64_MAX / 32 * 32;  // a bucket for any tensor

Message encoded_ref(const Qsgd& problem, const Values& x) {
  Message message(static_cast<std::size_t>(problem.message_words()));
  qsgd_encode_ref(problem, kDraws, x.data(), message.data());
  return message;
}

using EncodeVersion = device::Version<QsgdEncode>;
using DecodeVersion = device::Version<QsgdDecode>;

Message encoded(const EncodeVersion& version, const Qsgd& problem, const Values& x) {
  const ExactArray<float> in(x);
  DeviceArray<uint32_t> message(problem.message_words());
  run_version(version, "qsgd_encode", QsgdEncode{problem, kDraws, in.data(), message.data()});
  EXPECT_TRUE(in.unchanged() && message.intact());
  return message.download();
}

class QsgdEncodeCuda : public testing::TestWithParam<EncodeVersion> {
 protected:
  void check(const Qsgd& problem, const char* name, const Values& x) {
    const QsgdEncode arguments{problem, kDraws, nullptr, nullptr};
    if (!GetParam().why_not(arguments).empty()) return;  // the versions that take all problems are checked on all
    SCOPED_TRACE(fmt::format("{} coordinates in buckets of {}, {} levels, {}", problem.count, problem.bucket, problem.levels, name));
    ASSERT_TRUE(same_words(encoded(GetParam(), problem, x), encoded_ref(problem, x)));
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, QsgdEncodeCuda, testing::ValuesIn(qsgd_encode_versions()), version_name);

TEST_P(QsgdEncodeCuda, HasTheReferencesBytes) {
  NEEDS_DEVICE();
  for (const int64_t count : {1, 31, 32, 33, 34, 35, 127, 129, 130, 131, 132, 257, 385, 386, 387, 388, 1025, 2049, 4097})
    for (const int64_t bucket : {int64_t{32}, int64_t{160}, int64_t{2048}, int64_t{2080}, kTensor})
      for (const Norm norm : {Norm::two, Norm::maximum})
        check({count, bucket, count % 2 ? 4 : 255, norm}, "climbing", climbing(count, 1));
}

// The largest number where a lane of another length would miss it.
TEST_P(QsgdEncodeCuda, TheLargestAnywhere) {
  NEEDS_DEVICE();
  for (const int64_t at : {255, 256, 259, 260, 640, 1790, 2047}) {
    Values x = test_arrays::normals<float>(2050, 2);
    x[static_cast<std::size_t>(at)] = -50;
    for (const int64_t bucket : {int64_t{2048}, kTensor}) check({2050, bucket, 3, Norm::maximum}, fmt::format("largest at {}", at).c_str(), x);
  }
}

TEST_P(QsgdEncodeCuda, HostileVectors) {
  NEEDS_DEVICE();
  for (const Norm norm : {Norm::two, Norm::maximum}) {
    for (const auto& [name, x] : finite_values(2121)) check({2121, 1056, 1, norm}, name, x);
    for (const auto& [name, x] : not_finite_values(300)) check({300, 96, 65535, norm}, name, x);
  }
}

// More chunks in a bucket than a block has lanes; the last chunk decides. A scale that is none keeps the codes cheap.
TEST_P(QsgdEncodeCuda, ABucketOfManyChunks) {
  NEEDS_DEVICE();
  Values x(257 * 2048 - 3);
  x.back() = INFINITY;
  for (const Norm norm : {Norm::two, Norm::maximum}) check({std::ssize(x), kTensor, 1, norm}, "zeros and an infinity", x);
}

TEST_P(QsgdEncodeCuda, RoundingTurnsAtTheDraw) {
  NEEDS_DEVICE();
  check({4096, 32, 1, Norm::maximum}, "at their draws", at_their_draws(4096, kDraws));
}

TEST_P(QsgdEncodeCuda, DrawnProblems) {
  NEEDS_DEVICE();
  for (int64_t i = 0; i < test_arrays::drawn_cases(3, 100); ++i) {
    test_arrays::Draw draw(i);
    const int64_t count = draw.from(1, 9000);
    const Qsgd problem{count, 32 * draw.from(1, 160), static_cast<int32_t>(draw.from(1, 300)), draw.from(0, 1) ? Norm::two : Norm::maximum};
    check(problem, "drawn", test_arrays::normals<float>(count, static_cast<uint32_t>(i)));
  }
}

TEST_P(QsgdEncodeCuda, TwiceTheSame) {
  NEEDS_DEVICE();
  const Values x = test_arrays::normals<float>(3000, 2);
  const Qsgd problem{3000, 512, 7, Norm::two};
  EXPECT_EQ(encoded(GetParam(), problem, x), encoded(GetParam(), problem, x));
}

class QsgdDecodeCuda : public testing::TestWithParam<DecodeVersion> {};
INSTANTIATE_TEST_SUITE_P(Versions, QsgdDecodeCuda, testing::ValuesIn(qsgd_decode_versions()), version_name);

TEST_P(QsgdDecodeCuda, HasTheReferencesBits) {
  NEEDS_DEVICE();
  for (const int64_t count : {1, 31, 32, 34, 35, 255, 257, 1023, 1025, 2049})
    for (const int64_t bucket : {int64_t{32}, int64_t{160}, kTensor})
      for (const bool add : {false, true}) {
        const Qsgd problem{count, bucket, count % 2 ? 4 : 255, Norm::two};
        Values x = test_arrays::normals<float>(count, 3);
        if (count > 200) x[200] = INFINITY;
        const Message message = encoded_ref(problem, x);
        const Values start = test_arrays::normals<float>(count, 4);
        Values want = start;
        qsgd_decode_ref(problem, message.data(), want.data(), add);
        const ExactArray<uint32_t> in{std::span<const uint32_t>(message)};
        ExactArray<float> sum(start);
        DeviceArray<float> out(count);
        run_version(GetParam(), "qsgd_decode", QsgdDecode{problem, in.data(), add ? sum.data() : out.data(), add});
        ASSERT_TRUE(same_floats(add ? sum.download() : out.download(), want)) << count << " coordinates in buckets of " << bucket << (add ? ", added" : "");
        ASSERT_TRUE(in.unchanged() && out.intact());
      }
}

TEST(QsgdCuda, Refusals) {
  NEEDS_DEVICE();
  const DeviceArray<float> x(8);
  const auto encode = [&](int version, Qsgd problem, int64_t shift = 0, int64_t first = 0) {
    const QsgdEncode arguments{problem, Draws(1, 0, 0, Purpose::codec, first), x.data() + shift, nullptr};
    const auto& found = device::find_version(qsgd_encode_versions(), version, "qsgd_encode");
    return refusal([&] { device::launch(found, "qsgd_encode", arguments, nullptr, nullptr); });
  };
  EXPECT_EQ(encode(1, {0, 32, 1, Norm::two}), "qsgd_encode v1 coordinate_per_thread: 0 coordinates: there must be 1 to 17179869184");
  EXPECT_EQ(encode(1, {4, 32, 1, Norm::two}, 0, 2), "qsgd_encode v1 coordinate_per_thread: random numbers from 2 on: it must be a multiple of 4");
  EXPECT_NE(encode(2, {4, 32, 1, Norm::two}, 1).find("is not a multiple of 16"), std::string::npos);
  EXPECT_EQ(encode(2, {(int64_t{1} << 33) + 1, 32, 1, Norm::two}),
            "qsgd_encode v2 four_at_once: 8589934593 coordinates: there must be at most 8589934592");
  EXPECT_EQ(encode(3, {4, 2080, 1, Norm::two}), "qsgd_encode v3 warp_per_bucket: buckets of 2080 coordinates: a warp takes at most 2048");
  EXPECT_NE(encode(3, {4, 32, 1, Norm::two}, 1).find("is not a multiple of 16"), std::string::npos);
  const QsgdDecode decode{{4, 32, 1, Norm::two}, nullptr, const_cast<float*>(x.data()) + 1, false};
  EXPECT_NE(qsgd_decode_versions()[1].why_not(decode).find("is not a multiple of 16"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::quantize
