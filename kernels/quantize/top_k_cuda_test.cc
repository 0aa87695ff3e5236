// Every CUDA version of top-k and random-k against the reference: counts around a quad, a row, a chunk and a histogram's block;
// k of one, few, most and all; ties, hostile vectors, more chunks than a block has threads.
#include "kernels/quantize/top_k_cuda.h"

#include <bit>

#include "kernels/quantize/device_test_values.h"
#include "kernels/quantize/random_k_cuda.h"

namespace skewbench::quantize {
namespace {

using test_arrays::DeviceArray;
using test_arrays::refusal;
using test_arrays::run_version;
using test_arrays::version_name;
using Indices = std::vector<int32_t>;

class TopKCuda : public testing::TestWithParam<device::Version<TopK>> {
 protected:
  void check(const Values& x, int64_t k, const char* name, int64_t shift = 0) {
    const Sparse problem{std::ssize(x), k};
    Indices want(static_cast<std::size_t>(k));
    top_k_ref(problem, x.data(), want.data());
    const ExactArray<float> in(x, shift);
    DeviceArray<int32_t> indices(k);
    const TopK arguments{problem, in.data(), indices.data()};
    if (!GetParam().why_not(arguments).empty()) return;
    run_version(GetParam(), "top_k", arguments);
    EXPECT_EQ(indices.download(), want) << k << " of " << problem.count << ", " << name;
    EXPECT_TRUE(in.unchanged() && indices.intact());
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, TopKCuda, testing::ValuesIn(top_k_versions()), version_name);

TEST_P(TopKCuda, HasTheReferencesIndices) {
  NEEDS_DEVICE();
  for (const int64_t count : {1, 2, 3, 5, 31, 255, 257, 2047, 2048, 2049, 6000}) {
    const Values x = test_arrays::normals<float>(count, 1);
    for (const int64_t k : {int64_t{1}, count / 7, count - 1, count})
      if (k > 0) check(x, k, "normals", k % 2);
  }
}

TEST_P(TopKCuda, Ties) {
  NEEDS_DEVICE();
  for (const int64_t count : {7, 2500}) {
    const Values few = test_arrays::small_integers<float>(count, 3, 2), equal(static_cast<std::size_t>(count), -1.0f), zeros(static_cast<std::size_t>(count));
    for (const int64_t k : {int64_t{1}, count / 3, count - 1, count}) {
      check(few, k, "seven values");
      check(equal, k, "all equal");
      check(zeros, k, "zeros");
    }
  }
}

// Magnitudes that differ by one in their bits, so that any of them is next to the threshold.
TEST_P(TopKCuda, NeighbouringMagnitudes) {
  NEEDS_DEVICE();
  Values x(2102);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::bit_cast<float>(static_cast<uint32_t>(0x3F8007FE + i * 11 % 7));
  for (const int64_t k : {1, 300, 301, 302, 901, 1202, 1801, 1802, 1803}) check(x, k, "neighbouring magnitudes");
}

// Every digit of the middle eleven bits once, so that with k the thread changes in which a digit is found.
TEST_P(TopKCuda, ADigitInEveryThread) {
  NEEDS_DEVICE();
  Values x(2048);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::bit_cast<float>(0x3F800000u + (static_cast<uint32_t>(i * 1237 % 2048) << 10));
  for (int64_t thread = 0; thread < 256; thread += 9) check(x, 8 * thread + 3, "a digit in every thread");
}

// The last number, in every place of a quad and of a thread's two, is the largest, and nothing behind it is looked at.
TEST_P(TopKCuda, TheLastIsTheLargest) {
  NEEDS_DEVICE();
  for (int64_t count = 2497; count <= 2505; ++count) {
    Values x = test_arrays::normals<float>(count, 4);
    x.back() = 100;
    check(x, 3, "the last is the largest");
  }
}

TEST_P(TopKCuda, HostileVectors) {
  NEEDS_DEVICE();
  for (const auto& [name, x] : finite_values(2100)) check(x, 700, name);
  for (const auto& [name, x] : not_finite_values(300)) check(x, 2, name);
}

// More than a block of 16384 keys for a histogram.
TEST_P(TopKCuda, SeveralHistograms) {
  NEEDS_DEVICE();
  check(test_arrays::normals<float>(16384 * 2 + 5, 3), 5000, "normals");
}

// More chunks than a block has threads, all with larger and equal keys.
TEST_P(TopKCuda, ManyChunks) {
  NEEDS_DEVICE();
  Values x(257 * 2048 - 1);
  for (std::size_t i = 0; i < x.size(); i += 500) x[i] = i % 1000 == 0 ? 2 : 1;
  check(x, std::ssize(x) / 500 - 3, "zeros, ones and twos");
}

TEST_P(TopKCuda, DrawnProblems) {
  NEEDS_DEVICE();
  for (int64_t i = 0; i < test_arrays::drawn_cases(3, 100); ++i) {
    test_arrays::Draw draw(i);
    const int64_t count = draw.from(1, 9000);
    check(test_arrays::normals<float>(count, static_cast<uint32_t>(i)), draw.from(1, count), "drawn");
  }
}

class RandomKCuda : public testing::TestWithParam<device::Version<RandomK>> {};
INSTANTIATE_TEST_SUITE_P(Versions, RandomKCuda, testing::ValuesIn(random_k_versions()), version_name);

TEST_P(RandomKCuda, HasTheReferencesIndices) {
  NEEDS_DEVICE();
  const Draws draws(5, 0, 9, Purpose::codec, 128);
  for (const int64_t count : {1, 3, 4, 5, 1023, 1024, 1025, 5003})
    for (const int64_t k : {int64_t{1}, count / 5, count - 1, count})
      if (k > 0) {
        const Sparse problem{count, k};
        Indices want(static_cast<std::size_t>(k));
        random_k_ref(problem, draws, want.data());
        DeviceArray<int32_t> indices(k);
        run_version(GetParam(), "random_k", RandomK{problem, draws, indices.data()});
        EXPECT_EQ(indices.download(), want) << k << " of " << count;
        EXPECT_TRUE(indices.intact());
      }
}

TEST(RandomKCuda, NumbersOfWholeQuads) {
  NEEDS_DEVICE();
  const Draws draws(5, 0, 9, Purpose::codec);
  for (const int64_t count : {1, 4, 1023, 1025}) {
    DeviceArray<uint32_t> numbers((count + 3) / 4 * 4);
    v1::draw_numbers(count, draws, numbers.data(), nullptr);
    device::wait(nullptr);
    const auto got = numbers.download();
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], draws.of(static_cast<int64_t>(i))) << i << " of " << count;
    EXPECT_TRUE(numbers.intact());
  }
}

TEST(TopKCuda, Refusals) {
  NEEDS_DEVICE();
  const DeviceArray<float> x(8);
  const auto refused = [&](std::size_t version, Sparse problem, int64_t shift) {
    return refusal([&] { device::launch(top_k_versions()[version], "top_k", TopK{problem, x.data() + shift, nullptr}, nullptr, nullptr); });
  };
  EXPECT_EQ(refused(0, {4, 5}, 0), "top_k v1 byte_digits: 5 of 4 coordinates: there must be at least one and no more than all");
  EXPECT_EQ(refused(0, {int64_t{1} << 31, 5}, 0), "top_k v1 byte_digits: 2147483648 coordinates: there must be 1 to 2147483647");
  EXPECT_NE(refused(1, {4, 2}, 1).find("is not a multiple of 16"), std::string::npos);
  EXPECT_EQ(random_k_versions()[0].why_not({{4, 2}, Draws(1, 0, 0, Purpose::codec, 2), nullptr}), "random numbers from 2 on: it must be a multiple of 4");
}

}  // namespace
}  // namespace skewbench::quantize
