// Every CUDA version of the images' levels against the reference, to the bit: counts around sixteen bytes, a group and a block,
// every number of bits, ranges that clamp.
#include "kernels/quantize/image_levels_cuda.h"

#include "kernels/quantize/device_test_values.h"

namespace skewbench::quantize {
namespace {

using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::version_name;
using Bytes = std::vector<uint8_t>;

const Draws kDraws(3, 1, 4, Purpose::codec, 96);

Bytes images_of(int64_t count) {
  Bytes images(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<uint8_t>(255 - i * 89);
  return images;
}

Message encoded_ref(const ImageLevels& problem) {
  Message message(static_cast<std::size_t>(problem.message_words()));
  image_levels_encode_ref(problem, kDraws, images_of(problem.count).data(), message.data());
  return message;
}

// Every length up to three times sixteen, in all widths by turns, a few around a block, several blocks; the range clamps at both ends
// or not at all.
std::vector<ImageLevels> problems(Rounding rounding) {
  std::vector<ImageLevels> result;
  for (int64_t count = 1; count <= 300; count += count < 50 ? 1 : 51)
    for (int32_t bits = 1 + static_cast<int32_t>(count) % 2; bits <= 8; bits += 3)
      result.push_back(count % 2 ? ImageLevels{count, bits, 0, 255, rounding} : ImageLevels{count, bits, 20, 213, rounding});
  result.push_back({4096 * 2 + 21, 3, 1, 254, rounding});
  return result;
}

std::string name_of(const ImageLevels& problem) {
  return fmt::format("{} bytes, {} bits on [{}, {}], {}", problem.count, problem.bits, problem.lo, problem.hi,
                     problem.rounding == Rounding::nearest ? "nearest" : "stochastic");
}

class ImageLevelsEncodeCuda : public testing::TestWithParam<device::Version<ImageLevelsEncode>> {};
INSTANTIATE_TEST_SUITE_P(Versions, ImageLevelsEncodeCuda, testing::ValuesIn(image_levels_encode_versions()), version_name);

TEST_P(ImageLevelsEncodeCuda, HasTheReferencesBytes) {
  NEEDS_DEVICE();
  for (const Rounding rounding : {Rounding::nearest, Rounding::stochastic})
    for (const ImageLevels& problem : problems(rounding)) {
      const Bytes images = images_of(problem.count);
      const ExactArray<uint8_t> in{std::span<const uint8_t>(images)};
      DeviceArray<uint32_t> message(problem.message_words());
      run_version(GetParam(), "image_levels_encode", ImageLevelsEncode{problem, kDraws, in.data(), message.data()});
      ASSERT_TRUE(same_words(message.download(), encoded_ref(problem))) << name_of(problem);
      ASSERT_TRUE(in.unchanged() && message.intact());
    }
}

// A draw on the threshold, at each of the sixteen bytes of a thread.
TEST_P(ImageLevelsEncodeCuda, RoundingTurnsAtTheDraw) {
  NEEDS_DEVICE();
  for (const DrawAtByte& hit : kDrawsAtBytes)
    for (int64_t at = hit.element % 4; at < 16; at += 4) {
      const ImageLevels problem{16, 1, 0, hit.range, Rounding::stochastic};
      const Bytes images(16, static_cast<uint8_t>(hit.byte));
      Message want(1);
      image_levels_encode_ref(problem, hit.moved_to(at), images.data(), want.data());
      const ExactArray<uint8_t> in{std::span<const uint8_t>(images)};
      DeviceArray<uint32_t> message(1);
      run_version(GetParam(), "image_levels_encode", ImageLevelsEncode{problem, hit.moved_to(at), in.data(), message.data()});
      ASSERT_TRUE(same_words(message.download(), want)) << "byte " << hit.byte << " on [0, " << hit.range << "] at " << at;
    }
}

template <class T, class Version>
void check_decode(const Version& version) {
  for (const ImageLevels& problem : problems(Rounding::nearest)) {
    const Message message = encoded_ref(problem);
    std::vector<T> want(static_cast<std::size_t>(problem.count));
    image_levels_decode_ref(problem, message.data(), want.data());
    const ExactArray<uint32_t> in{std::span<const uint32_t>(message)};
    DeviceArray<T> images(problem.count);
    run_version(version, "image_levels_decode", ImageLevelsDecode<T>{problem, in.data(), images.data()});
    ASSERT_EQ(images.download(), want) << name_of(problem);
    ASSERT_TRUE(in.unchanged() && images.intact());
  }
}

class ImageLevelsToBytesCuda : public testing::TestWithParam<device::Version<ImageLevelsToBytes>> {};
INSTANTIATE_TEST_SUITE_P(Versions, ImageLevelsToBytesCuda, testing::ValuesIn(image_levels_to_bytes_versions()), version_name);
TEST_P(ImageLevelsToBytesCuda, HasTheReferencesBytes) {
  NEEDS_DEVICE();
  check_decode<uint8_t>(GetParam());
}

class ImageLevelsToFloatsCuda : public testing::TestWithParam<device::Version<ImageLevelsToFloats>> {};
INSTANTIATE_TEST_SUITE_P(Versions, ImageLevelsToFloatsCuda, testing::ValuesIn(image_levels_to_floats_versions()), version_name);
TEST_P(ImageLevelsToFloatsCuda, HasTheReferencesBits) {
  NEEDS_DEVICE();
  check_decode<float>(GetParam());
}

TEST(ImageLevelsCuda, Refusals) {
  NEEDS_DEVICE();
  DeviceArray<uint8_t> images(32);
  const auto refused = [&](std::size_t version, ImageLevels problem, int64_t shift, int64_t first) {
    const ImageLevelsEncode arguments{problem, Draws(1, 0, 0, Purpose::codec, first), images.data() + shift, nullptr};
    return refusal([&] { device::launch(image_levels_encode_versions()[version], "image_levels_encode", arguments, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(0, {4, 9, 0, 255, Rounding::nearest}, 0, 0), "image_levels_encode v1 byte_per_thread: 9 bits per level: there must be 1 to 8");
  EXPECT_EQ(refused(0, {4, 2, 0, 255, Rounding::stochastic}, 0, 2),
            "image_levels_encode v1 byte_per_thread: random numbers from 2 on: it must be a multiple of 4");
  EXPECT_NE(refused(1, {4, 2, 0, 255, Rounding::nearest}, 1, 0).find("is not a multiple of 16"), std::string::npos);
  const ImageLevelsToBytes decode{{4, 2, 0, 255, Rounding::nearest}, nullptr, images.data() + 1};
  EXPECT_NE(image_levels_to_bytes_versions()[1].why_not(decode).find("is not a multiple of 16"), std::string::npos);
}

}  // namespace
}  // namespace skewbench::quantize
