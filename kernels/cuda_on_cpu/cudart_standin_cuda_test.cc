// The stand-in runtime: streams that are late, memory that the host cannot touch, limits, what is refused.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/memory_checks_kernels.h"
#include "kernels/cuda_on_cpu/settings.h"
#include "kernels/cuda_on_cpu/synchronisation_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

/// Device and page-locked memory of one int each, and two streams that nothing orders against anything.
class Runtime : public ::testing::Test {
 protected:
  Runtime() {
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&device_), 2 * sizeof(int)), cudaSuccess);
    EXPECT_EQ(cudaMallocHost(reinterpret_cast<void**>(&host_), sizeof(int)), cudaSuccess);
    for (cudaStream_t& stream : streams_) EXPECT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
    for (cudaEvent_t& event : events_) EXPECT_EQ(cudaEventCreate(&event), cudaSuccess);
    *host_ = -1;
  }
  ~Runtime() override {
    EXPECT_EQ(cudaFree(device_), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(host_), cudaSuccess);
    for (cudaStream_t stream : streams_) EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
    for (cudaEvent_t event : events_) EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
    (void)cudaGetLastError();
  }

  cudaError_t set(unsigned char byte, cudaStream_t stream) { return cudaMemsetAsync(device_, byte, sizeof(int), stream); }
  cudaError_t fetch(cudaStream_t stream) { return cudaMemcpyAsync(host_, device_, sizeof(int), cudaMemcpyDeviceToHost, stream); }

  int* device_ = nullptr;
  int* host_ = nullptr;
  cudaStream_t streams_[2] = {};
  cudaEvent_t events_[2] = {};
};

TEST_F(Runtime, AStreamIsLateUntilItIsWaitedFor) {
  EXPECT_EQ(set(1, streams_[0]), cudaSuccess);
  EXPECT_EQ(fetch(streams_[0]), cudaSuccess);
  EXPECT_EQ(*host_, -1);
  EXPECT_EQ(cudaStreamSynchronize(streams_[1]), cudaSuccess);
  EXPECT_EQ(*host_, -1);
  EXPECT_EQ(cudaStreamSynchronize(streams_[0]), cudaSuccess);
  EXPECT_EQ(*host_, 0x01010101);
}

TEST_F(Runtime, AnotherStreamSeesOldDataWithoutAnEvent) {
  EXPECT_EQ(cudaMemset(device_, 2, sizeof(int)), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(set(1, streams_[0]), cudaSuccess);
  EXPECT_EQ(fetch(streams_[1]), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(streams_[1]), cudaSuccess);
  EXPECT_EQ(*host_, 0x02020202);
}

TEST_F(Runtime, AnEventOrdersStreams) {
  EXPECT_EQ(set(1, streams_[0]), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(events_[0], streams_[0]), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(streams_[1], events_[0], 0), cudaSuccess);
  EXPECT_EQ(fetch(streams_[1]), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(streams_[1]), cudaSuccess);
  EXPECT_EQ(*host_, 0x01010101);
}

TEST_F(Runtime, TheDefaultStreamOrdersOrdinaryStreamsOnly) {
  cudaStream_t ordinary = nullptr;
  EXPECT_EQ(cudaStreamCreate(&ordinary), cudaSuccess);
  EXPECT_EQ(set(3, ordinary), cudaSuccess);
  EXPECT_EQ(fetch(nullptr), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
  EXPECT_EQ(*host_, 0x03030303);
  EXPECT_EQ(set(4, streams_[0]), cudaSuccess);
  EXPECT_EQ(fetch(nullptr), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
  EXPECT_EQ(*host_, 0x03030303);
  EXPECT_EQ(set(5, nullptr), cudaSuccess);
  EXPECT_EQ(fetch(ordinary), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(ordinary), cudaSuccess);
  EXPECT_EQ(*host_, 0x05050505);
  EXPECT_EQ(cudaStreamDestroy(ordinary), cudaSuccess);
}

TEST_F(Runtime, AskingAgainAndAgainEnds) {
  EXPECT_EQ(set(1, streams_[0]), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(events_[0], streams_[0]), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(events_[0]), cudaErrorNotReady);
  int times = 0;
  while (cudaEventQuery(events_[0]) == cudaErrorNotReady && times < 10) ++times;
  EXPECT_EQ(cudaEventQuery(events_[0]), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(streams_[0]), cudaSuccess);
}

TEST_F(Runtime, TimeBetweenEvents) {
  float milliseconds = -1;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, events_[0], events_[1]), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventRecord(events_[0], nullptr), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(events_[1], nullptr), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, events_[0], events_[1]), cudaErrorNotReady);
  EXPECT_EQ(cudaEventSynchronize(events_[1]), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, events_[0], events_[1]), cudaSuccess);
  EXPECT_GE(milliseconds, 0);
}

// From pageable memory the bytes are those at the time of the call, from page-locked memory those of the copy.
TEST_F(Runtime, PageableMemoryIsReadAtOnce) {
  int pageable = 7;
  EXPECT_EQ(cudaMemcpyAsync(device_, &pageable, sizeof(int), cudaMemcpyHostToDevice, streams_[0]), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(device_ + 1, host_, sizeof(int), cudaMemcpyHostToDevice, streams_[0]), cudaSuccess);
  pageable = *host_ = 8;
  EXPECT_EQ(cudaStreamSynchronize(streams_[0]), cudaSuccess);
  int back[2] = {};
  EXPECT_EQ(cudaMemcpy(back, device_, sizeof back, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(back[0], 7);
  EXPECT_EQ(back[1], 8);
}

TEST_F(Runtime, CopiesOutsideOfAnAllocationAreRefused) {
  std::vector<int> many(4);
  EXPECT_EQ(cudaMemcpy(device_, many.data(), 16, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(many.data(), device_ + 1, 8, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(device_, 0, 9), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(many.data(), device_, 8, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST_F(Runtime, MemoryIsFullOfNaNAndFinite) {
  int content = 0;
  EXPECT_EQ(cudaMemcpy(&content, device_ + 1, sizeof(int), cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(content, -1);
  std::size_t before = 0, after = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&before, &total), cudaSuccess);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, total), cudaErrorMemoryAllocation);
  EXPECT_EQ(more, nullptr);
  EXPECT_EQ(cudaMemGetInfo(&after, &total), cudaSuccess);
  EXPECT_EQ(before, after);
  EXPECT_EQ(cudaFree(device_ + 1), cudaErrorInvalidValue);
}

TEST_F(Runtime, TheHostCannotTouchDeviceMemory) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH({ *static_cast<volatile int*>(device_) = 1; }, "host code touches device memory at 0x.*, 0 bytes into an allocation of 8 bytes");
}

TEST_F(Runtime, AnErrorOfAKernelStays) {
  print_findings(false);
  const BugData data{reinterpret_cast<float*>(device_)};
  start_partial_warp(data);  // writes far behind the allocation
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, 4), cudaErrorIllegalAddress);
  EXPECT_EQ(take_findings().size(), 1u);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  print_findings(true);
}

TEST_F(Runtime, SharedMemoryBeyond48KiBIsAskedFor) {
  void* floats = nullptr;
  ASSERT_EQ(cudaMalloc(&floats, 32 * sizeof(float)), cudaSuccess);
  const BugData data{static_cast<float*>(floats)};
  EXPECT_EQ(start_with_shared(data, 48 << 10, false), cudaSuccess);
  EXPECT_EQ(start_with_shared(data, (48 << 10) + 4, false), cudaErrorInvalidValue);
  EXPECT_EQ(start_with_shared(data, 100 << 10, true), cudaSuccess);
  EXPECT_EQ(start_with_shared(data, (100 << 10) + 4, false), cudaErrorInvalidValue);
  EXPECT_EQ(start_with_shared(data, 1 << 20, true), cudaErrorInvalidValue);
  (void)cudaGetLastError();
  EXPECT_EQ(cudaFree(floats), cudaSuccess);
}

TEST_F(Runtime, EagerStreamsAreNotLate) {
  settings().eager_streams = true;
  EXPECT_EQ(set(3, streams_[0]), cudaSuccess);
  EXPECT_EQ(fetch(streams_[1]), cudaSuccess);
  EXPECT_EQ(*host_, 0x03030303);
  settings().eager_streams = false;
}

TEST_F(Runtime, RefusesWhatItHasNot) {
  void* pointer = nullptr;
  EXPECT_EQ(cudaMallocManaged(&pointer, 4, cudaMemAttachGlobal), cudaErrorNotSupported);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  cudaDeviceProp properties{};
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_NE(std::strstr(properties.name, "on the CPU"), nullptr);
}

TEST(RuntimeSettings, NoDeviceAndOldDriver) {
  int devices = -1;
  settings().devices = 0;
  EXPECT_EQ(cudaGetDeviceCount(&devices), cudaErrorNoDevice);
  EXPECT_EQ(devices, 0);
  settings().devices = 1;
  settings().driver = 11000;
  EXPECT_EQ(cudaGetDeviceCount(&devices), cudaErrorInsufficientDriver);
  settings().driver = 0;
  EXPECT_EQ(cudaGetDeviceCount(&devices), cudaSuccess);
  EXPECT_EQ(devices, 1);
  (void)cudaGetLastError();
}

TEST(RuntimeSettings, WrongValuesAreRefused) {
  Settings s;
  EXPECT_EQ(apply_setting(s, "SKEWBENCH_CUDA_ORDER", "random:7"), "");
  EXPECT_EQ(s.seed, 7u);
  EXPECT_EQ(apply_setting(s, "SKEWBENCH_CUDA_ORDER", "backwards"), "SKEWBENCH_CUDA_ORDER=backwards: it must be forward, reversed or random:SEED");
  EXPECT_EQ(apply_setting(s, "SKEWBENCH_CUDA_ORDER", "random:"), "SKEWBENCH_CUDA_ORDER=random:: it must be forward, reversed or random:SEED");
  EXPECT_NE(apply_setting(s, "SKEWBENCH_CUDA_THREADS", "0"), "");
  EXPECT_NE(apply_setting(s, "SKEWBENCH_CUDA_CHECKS", "yes"), "");
  EXPECT_NE(apply_setting(s, "SKEWBENCH_CUDA_DRIVER", "12"), "");
  EXPECT_EQ(apply_setting(s, "SKEWBENCH_CUDA_DRIVER", "11.8"), "");
  EXPECT_EQ(s.driver, 11080);
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu
