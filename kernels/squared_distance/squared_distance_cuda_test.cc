// Every CUDA version against the plain loop: to the bit where all sums are exact, within the bound of its header elsewhere.
#include <cmath>

#include "kernels/base/device_arrays.h"
#include "kernels/base/launch.h"
#include "kernels/squared_distance/squared_distance.h"

namespace skewbench::squared_distance {
namespace {

using test_arrays::DeviceArray;
using test_arrays::run_version;

// Around a warp, a block, and more blocks than the second kernel has threads.
constexpr int64_t kCounts[] = {1, 2, 31, 33, 255, 256, 257, 1000, 2047, 2049, 8 * 256 * 3, 8 * 256 * 257 + 3};

double run(const device::Version<Distance>& version, std::span<const float> a, std::span<const float> b) {
  const test_arrays::ExactInput<float> in_a(a), in_b(b);
  DeviceArray<double> out(1);
  run_version(version, "squared_distance", Distance{std::ssize(a), in_a.data(), in_b.data(), out.data()});
  EXPECT_TRUE(in_a.intact() && in_b.intact());
  EXPECT_TRUE(out.intact());
  return out.download()[0];
}

TEST(SquaredDistanceCuda, IntegersAreExact) {
  NEEDS_DEVICE();
  for (const auto& version : distance_versions())
    for (const int64_t count : kCounts) {
      const auto a = test_arrays::small_integers<float>(count, 1000, 1), b = test_arrays::small_integers<float>(count, 1000, 2);
      double want = 0;
      distance_ref<float>(count, a.data(), b.data(), &want);
      EXPECT_EQ(run(version, a, b), want) << version.idea << ", " << count;
    }
}

TEST(SquaredDistanceCuda, AnyNumbersWithinTheBound) {
  NEEDS_DEVICE();
  for (const auto& version : distance_versions())
    for (const int64_t count : {257, 3001}) {
      const auto a = test_arrays::normals<float>(count, 3), b = test_arrays::normals<float>(count, 4);
      double want = 0;
      distance_ref<float>(count, a.data(), b.data(), &want);
      const double first = run(version, a, b);
      EXPECT_NEAR(first, want, static_cast<double>(count + 30) * 0x1p-53 * want) << version.idea << ", " << count;
      EXPECT_EQ(first, run(version, a, b)) << "two runs";
    }
}

TEST(SquaredDistanceCuda, SeveralTurnsOfTheGrid) {
  NEEDS_DEVICE();
  const test_arrays::FewBlocks few(3);
  for (const auto& version : distance_versions())
    for (const int64_t count : {2500, 8 * 3 * 256}) {  // and eight whole turns
      const auto a = test_arrays::small_integers<float>(count, 9, 5), b = test_arrays::small_integers<float>(count, 9, 6);
      double want = 0;
      distance_ref<float>(count, a.data(), b.data(), &want);
      EXPECT_EQ(run(version, a, b), want) << version.idea << ", " << count;
    }
}

TEST(SquaredDistanceCuda, EqualVectorsAndBrokenOnes) {
  NEEDS_DEVICE();
  for (const auto& version : distance_versions()) {
    auto a = test_arrays::normals<float>(300, 7), b = a;
    EXPECT_EQ(run(version, a, b), 0) << version.idea;
    b[299] = std::nextafter(b[299], 9.0f);
    EXPECT_GT(run(version, a, b), 0) << version.idea;
    b[0] = NAN;
    EXPECT_TRUE(std::isnan(run(version, a, b))) << version.idea;
    EXPECT_NE(version.why_not({0, nullptr, nullptr, nullptr}), "") << "no elements";
  }
}

}  // namespace
}  // namespace skewbench::squared_distance
