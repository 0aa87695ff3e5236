// Levels of images: by hand, all bytes within the bound, unbiasedness, exactness of 8 bits, and the host against the reference.
#include "kernels/quantize/image_levels.h"

#include <algorithm>

#include "kernels/quantize/test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::Guarded;
using test_arrays::refusal;
using Bytes = std::vector<uint8_t>;

const Draws kDraws(3, 1, 4, Purpose::codec);

struct Version {
  const char* name;
  void (*encode)(const ImageLevels&, const Draws&, const uint8_t*, uint32_t*);
  void (*as_bytes)(const ImageLevels&, const uint32_t*, uint8_t*);
  void (*as_floats)(const ImageLevels&, const uint32_t*, float*);
};
constexpr Version kReference{"reference", image_levels_encode_ref, image_levels_decode_ref<uint8_t>, image_levels_decode_ref<float>};
constexpr Version kHost{"host", image_levels_encode_host, image_levels_decode_host<uint8_t>, image_levels_decode_host<float>};

Message encoded(const Version& version, const ImageLevels& problem, const Bytes& images, const Draws& draws = kDraws) {
  Guarded<uint32_t> message(problem.message_words());
  version.encode(problem, draws, images.data(), message.data());
  EXPECT_TRUE(message.guards_intact());
  return {message.span().begin(), message.span().end()};
}
Bytes bytes_of(const Version& version, const ImageLevels& problem, const Message& message) {
  Guarded<uint8_t> images(problem.count);
  version.as_bytes(problem, message.data(), images.data());
  EXPECT_TRUE(images.guards_intact());
  return {images.span().begin(), images.span().end()};
}
Values floats_of(const Version& version, const ImageLevels& problem, const Message& message) {
  Guarded<float> images(problem.count);
  version.as_floats(problem, message.data(), images.data());
  EXPECT_TRUE(images.guards_intact());
  return {images.span().begin(), images.span().end()};
}

Bytes every_byte(int64_t count = 256) {
  Bytes images(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<uint8_t>(i * 89);
  return images;
}

class ImageLevelsVersions : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, ImageLevelsVersions, testing::Values(kReference, kHost), name_of_version);

TEST_P(ImageLevelsVersions, ByHand) {
  const ImageLevels problem{34, 2, 10, 40, Rounding::nearest};  // levels 10, 20, 30, 40
  Bytes images(34, 0);
  images[1] = 14, images[2] = 15, images[3] = 24, images[4] = 34, images[5] = 35, images[6] = 255, images[33] = 40;
  const Message message = encoded(GetParam(), problem, images);  // 0 0 1 1 2 3 3 0 ... | 0 3
  EXPECT_TRUE(same_words(message, Message{0b1101100, 0b1110000, 2, 2}));
  Bytes want(34, 10);
  want[2] = want[3] = 20, want[4] = 30, want[5] = want[6] = want[33] = 40;
  EXPECT_EQ(bytes_of(GetParam(), problem, message), want);
  EXPECT_TRUE(same_floats(floats_of(GetParam(), problem, message), Values(want.begin(), want.end())));
  const ImageLevels thirds{1, 2, 0, 4, Rounding::nearest};  // levels 0, 4/3, 8/3, 4
  EXPECT_EQ(bytes_of(GetParam(), thirds, {1, 0}), (Bytes{1}));
  EXPECT_EQ(bytes_of(GetParam(), thirds, {0, 1}), (Bytes{3}));
  EXPECT_TRUE(same_floats(floats_of(GetParam(), thirds, {0, 1}), Values{8.0f / 3}));
}

TEST(ImageLevels, SizeOfAMessage) {
  EXPECT_EQ((ImageLevels{1, 3, 0, 255, Rounding::nearest}.message_words()), 3);
  EXPECT_EQ((ImageLevels{64, 5, 0, 255, Rounding::nearest}.message_words()), 10);
}

TEST_P(ImageLevelsVersions, EveryByteIsWithinTheBound) {
  const Bytes images = every_byte();
  for (int32_t bits = 1; bits <= 8; ++bits)
    for (const auto& [lo, hi] : {std::pair{0, 255}, std::pair{16, 235}, std::pair{7, 8}, std::pair{100, 140}})
      for (const Rounding rounding : {Rounding::nearest, Rounding::stochastic}) {
        const ImageLevels problem{256, bits, lo, hi, rounding};
        const Message message = encoded(GetParam(), problem, images);
        const Bytes bytes = bytes_of(GetParam(), problem, message);
        const Values floats = floats_of(GetParam(), problem, message);
        const double step = double(hi - lo) / ((1 << bits) - 1), bound = rounding == Rounding::nearest ? step / 2 : step;
        for (std::size_t i = 0; i < 256; ++i) {
          const double x = std::clamp<int>(images[i], lo, hi);
          ASSERT_LE(std::fabs(double(floats[i]) - x), bound + 1e-5) << bits << " bits on [" << lo << ", " << hi << "], byte " << x;
          ASSERT_LE(std::fabs(double(bytes[i]) - double(floats[i])), 0.5 + 1e-4);
        }
      }
}

TEST_P(ImageLevelsVersions, EightBitsAreExact) {
  const Bytes images = every_byte();
  for (const Rounding rounding : {Rounding::nearest, Rounding::stochastic}) {
    const ImageLevels problem{256, 8, 0, 255, rounding};
    const Message message = encoded(GetParam(), problem, images);
    EXPECT_EQ(bytes_of(GetParam(), problem, message), images);
    EXPECT_TRUE(same_floats(floats_of(GetParam(), problem, message), Values(images.begin(), images.end())));
  }
}

// 10^5 draws of one byte; |z| < 4.5 fails by chance once in 150 000 tries, and the draws are fixed.
TEST_P(ImageLevelsVersions, RoundingIsUnbiased) {
  for (const int32_t bits : {1, 3, 4})
    for (const uint8_t byte : {1, 100, 200, 254}) {
      const ImageLevels problem{100000, bits, 0, 255, Rounding::stochastic};
      const Values out = floats_of(GetParam(), problem, encoded(GetParam(), problem, Bytes(100000, byte)));
      const double step = 255.0 / ((1 << bits) - 1), rest = byte / step - std::floor(byte / step);
      EXPECT_LT(std::fabs(z_score(out, byte, rest * (1 - rest) * step * step)), 4.5) << bits << " bits, byte " << int(byte);
    }
}

TEST_P(ImageLevelsVersions, RoundingTurnsAtTheDraw) {
  for (const DrawAtByte& hit : kDrawsAtBytes) {
    const int64_t at = hit.element % 4;
    const Draws draws = hit.moved_to(at);
    ASSERT_EQ(draws.of(at), hit.threshold() - (hit.is_up ? 1 : 0));
    const ImageLevels problem{4, 1, 0, hit.range, Rounding::stochastic};
    const Message message = encoded(GetParam(), problem, Bytes(4, static_cast<uint8_t>(hit.byte)), draws);
    EXPECT_EQ(message[0] >> at & 1, hit.is_up ? 1u : 0u) << "byte " << hit.byte << " on [0, " << hit.range << "]";
  }
}

TEST_P(ImageLevelsVersions, DrawsBelongToBytes) {
  const Bytes images(128, 100);
  const ImageLevels whole{128, 2, 0, 255, Rounding::stochastic}, half{64, 2, 0, 255, Rounding::stochastic};
  const Message all = encoded(GetParam(), whole, images);
  EXPECT_TRUE(same_words(encoded(GetParam(), half, images, Draws(3, 1, 4, Purpose::codec, 64)), std::span(all).subspan(4)));
  EXPECT_NE(all, encoded(GetParam(), whole, images, Draws(3, 1, 5, Purpose::codec)));
}

TEST(ImageLevels, HostHasTheReferencesBytes) {
  for (const int64_t count : {1, 31, 32, 33, 3 * 32 * 32})
    for (int32_t bits = 1; bits <= 8; ++bits)
      for (const auto& [lo, hi] : {std::pair{0, 255}, std::pair{20, 213}})
        for (const Rounding rounding : {Rounding::nearest, Rounding::stochastic}) {
          const ImageLevels problem{count, bits, lo, hi, rounding};
          const Message want = encoded(kReference, problem, every_byte(count));
          ASSERT_TRUE(same_words(encoded(kHost, problem, every_byte(count)), want));
          ASSERT_EQ(bytes_of(kHost, problem, want), bytes_of(kReference, problem, want));
          ASSERT_TRUE(same_floats(floats_of(kHost, problem, want), floats_of(kReference, problem, want)));
        }
}

TEST_P(ImageLevelsVersions, Refusals) {
  const auto of = [](ImageLevels problem, int64_t first = 0) {
    return refusal([&] { GetParam().encode(problem, Draws(1, 0, 0, Purpose::codec, first), nullptr, nullptr); });
  };
  EXPECT_EQ(of({0, 4, 0, 255, Rounding::nearest}), "0 coordinates: there must be 1 to 17179869184");
  EXPECT_EQ(of({4, 0, 0, 255, Rounding::nearest}), "0 bits per level: there must be 1 to 8");
  EXPECT_EQ(of({4, 9, 0, 255, Rounding::nearest}), "9 bits per level: there must be 1 to 8");
  EXPECT_EQ(of({4, 4, 7, 7, Rounding::nearest}), "levels on [7, 7]: it must be a range of bytes with at least two");
  EXPECT_EQ(of({4, 4, -1, 7, Rounding::nearest}), "levels on [-1, 7]: it must be a range of bytes with at least two");
  EXPECT_EQ(of({4, 4, 0, 256, Rounding::nearest}), "levels on [0, 256]: it must be a range of bytes with at least two");
  EXPECT_EQ(of({4, 4, 0, 255, Rounding::stochastic}, 2), "random numbers from 2 on: it must be a multiple of 4");
  EXPECT_EQ(refusal([] { GetParam().as_floats({4, 9, 0, 255, Rounding::nearest}, nullptr, nullptr); }), "9 bits per level: there must be 1 to 8");
}

}  // namespace
}  // namespace skewbench::quantize
