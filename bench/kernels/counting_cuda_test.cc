// What translated kernels count, where the numbers can be worked out by hand.
#include "bench/kernels/counting.h"

#include "kernels/base/device_arrays.h"
#include "kernels/elementwise/elementwise_cuda.h"

namespace skewbench::bench_kernels {
namespace {

std::vector<LaunchCount> counts_of_relu(int version, int64_t count) {
  const test_arrays::DeviceArray<float> x(test_arrays::normals<float>(count, 1));
  test_arrays::DeviceArray<float> y(count);
  const elementwise::ReluForward arguments{count, x.data(), y.data()};
  return count_launches([&] {
    device::launch(device::find_version(elementwise::relu_forward_versions(), version, "relu"), "relu", arguments, nullptr, nullptr);
    device::wait(nullptr);
  });
}

TEST(CountingCuda, BytesOfAReluAreItsArrays) {
  NEEDS_DEVICE();
  if (!device::properties().is_on_cpu) GTEST_SKIP() << "a GPU counts nothing";
  for (const int64_t count : {1, 255, 1024, 1027}) {
    const auto single = counts_of_relu(1, count), quads = counts_of_relu(2, count);
    ASSERT_EQ(single.size(), 1u);
    ASSERT_EQ(quads.size(), 1u);
    for (const LaunchCount& launch : {single[0], quads[0]}) {
      EXPECT_EQ(launch.bytes_read, 4 * count);
      EXPECT_EQ(launch.bytes_written, 4 * count);
      EXPECT_EQ(launch.threads, 256);
      EXPECT_NE(launch.kernel.find("relu_forward_v"), std::string::npos);
    }
    EXPECT_EQ(single[0].blocks, (count + 255) / 256);
  }
}

// Every thread executes its share of the code: four elements at once are fewer instructions, more elements are more.
TEST(CountingCuda, InstructionsFollowTheWork) {
  NEEDS_DEVICE();
  if (!device::properties().is_on_cpu) GTEST_SKIP() << "a GPU counts nothing";
  const int64_t few = counts_of_relu(1, 1024)[0].instructions, many = counts_of_relu(1, 4096)[0].instructions;
  EXPECT_GT(few, 1024 * 5);
  EXPECT_EQ(many, 4 * few);
  EXPECT_LT(counts_of_relu(2, 4096)[0].instructions, many);
}

TEST(CountingCuda, NothingIsCountedUnasked) {
  NEEDS_DEVICE();
  counts_of_relu(1, 100);
  EXPECT_TRUE(count_launches([] {}).empty());
}

}  // namespace
}  // namespace skewbench::bench_kernels
