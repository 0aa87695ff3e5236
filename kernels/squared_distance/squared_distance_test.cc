// The distance of two vectors by hand, and what it says about equal and about broken ones.
#include "kernels/squared_distance/squared_distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace skewbench::squared_distance {
namespace {

template <class T>
double distance_of(const std::vector<T>& a, const std::vector<T>& b) {
  double out = -1;
  distance<T>(Memory(), std::ssize(a), a.data(), b.data(), &out);
  return out;
}

TEST(SquaredDistance, HandComputed) {
  EXPECT_EQ(distance_of<float>({1, 2, 3}, {1, 4, 0}), 13);
  EXPECT_EQ(distance_of<double>({1, 2, 3}, {1, 4, 0}), 13);
  EXPECT_EQ(distance_of<float>({}, {}), 0);
}

TEST(SquaredDistance, DifferencesAreNotRoundedToFloat) {
  EXPECT_EQ(distance_of<float>({0x1p24f}, {-1}), (0x1p24 + 1) * (0x1p24 + 1));
}

TEST(SquaredDistance, IsZeroForEqualVectorsOnly) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(distance_of<float>({1, 5}, {1, 5}), 0);
  EXPECT_GT(distance_of<float>({0, 5}, {tiny, 5}), 0) << "the smallest difference of floats has a square in double";
  EXPECT_TRUE(std::isnan(distance_of<float>({1, NAN}, {1, NAN})));
}

}  // namespace
}  // namespace skewbench::squared_distance
