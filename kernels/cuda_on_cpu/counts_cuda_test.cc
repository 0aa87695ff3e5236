// What a launch is said to have done, against what its source says.
#include "kernels/cuda_on_cpu/counts.h"

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/launch_log.h"
#include "kernels/cuda_on_cpu/synchronisation_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

// 40 threads that write ten floats each, and read none; twice.
TEST(Counts, BytesOfAKernel) {
  BugData data{};
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&data.floats), BugData::kFloats * sizeof(float)), cudaSuccess);
  (void)take_counts();
  (void)take_launched_kernels();
  for (const bool has_checks : {true, false}) {
    set_checks(has_checks);
    counts_launches = true;
    for (int i = 0; i < 2; ++i) start_partial_warp(data);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    counts_launches = false;
    const auto counts = take_counts();
    ASSERT_EQ(counts.size(), 1u);
    const auto& [name, kernel] = *counts.begin();
    EXPECT_NE(name.find("partial_warp"), std::string::npos);
    EXPECT_EQ(kernel.launches, 2u);
    EXPECT_EQ(kernel.global_bytes_written, 2u * 40 * 10 * 4);
    EXPECT_EQ(kernel.distinct_bytes_written, 2u * 40 * 10 * 4);
    EXPECT_EQ(kernel.global_bytes_read, 0u);
    EXPECT_EQ(kernel.distinct_bytes_read, 0u);
    EXPECT_EQ(kernel.shared_bytes_read + kernel.shared_bytes_written, 0u);
    EXPECT_GE(kernel.instructions, 2u * 40 * 20);  // ten stores and the ten values at least
    EXPECT_EQ(take_launched_kernels().size(), 2u);
  }
  set_checks(true);
  start_partial_warp(data);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_TRUE(take_counts().empty());
  EXPECT_EQ(cudaFree(data.floats), cudaSuccess);
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
