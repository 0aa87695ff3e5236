#include "kernels/base/device.h"

#include <cstring>

#include "kernels/base/cuda_check.h"
#include "kernels/base/error.h"

namespace skewbench::device {

void cuda_failed(const char* call, cudaError_t error, const char* file, int line) {
  (void)cudaGetLastError();  // an error that is not sticky must not be found again by the next check
  const std::string& context = error_context();
  fail("{} failed: {} ({}) at {}:{}{}{}", call, cudaGetErrorString(error), cudaGetErrorName(error), file, line,
       context.empty() ? "" : ", ", context);
}

std::string why_unusable() {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  (void)cudaGetLastError();
  if (error == cudaErrorInsufficientDriver) {
    int driver = 0, runtime = 0;
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    const auto version = [](int number) { return fmt::format("{}.{}", number / 1000, number % 1000 / 10); };
    if (driver == 0) return "there is no CUDA device: no NVIDIA driver is installed";
    return fmt::format("the NVIDIA driver supports CUDA {}, older than the toolkit's CUDA {}", version(driver), version(runtime));
  }
  if (error == cudaErrorNoDevice || (error == cudaSuccess && devices == 0)) return "there is no CUDA device";
  if (error != cudaSuccess) return fmt::format("CUDA does not start: {} ({})", cudaGetErrorString(error), cudaGetErrorName(error));
  for (int i = 0; i < devices; ++i) {
    int major = 0, minor = 0;
    CUDA_CALL(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, i));
    CUDA_CALL(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, i));
    if (major < 8) return fmt::format("CUDA device {} is of compute capability {}.{}; the kernels need 8.0 (Ampere); CUDA_VISIBLE_DEVICES can leave it out", i, major, minor);
  }
  return "";
}

int count() {
  int devices = 0;
  CUDA_CALL(cudaGetDeviceCount(&devices));
  return devices;
}

void select(int index) {
  const std::string reason = why_unusable();
  REQUIRE(reason.empty(), "{}", reason);
  CUDA_CALL(cudaSetDevice(index % count()));
}

Properties properties() {
  int index = 0;
  cudaDeviceProp prop{};
  CUDA_CALL(cudaGetDevice(&index));
  CUDA_CALL(cudaGetDeviceProperties(&prop, index));
  return {prop.name, prop.major, prop.minor, prop.multiProcessorCount, static_cast<int64_t>(prop.totalGlobalMem), prop.l2CacheSize,
          static_cast<int64_t>(prop.sharedMemPerBlockOptin), std::strstr(prop.name, "on the CPU") != nullptr};
}

void* allocate(int64_t bytes) {
  REQUIRE(bytes >= 0, "{} bytes of device memory cannot be allocated", bytes);
  if (bytes == 0) return nullptr;
  void* pointer = nullptr;
  const cudaError_t error = cudaMalloc(&pointer, static_cast<std::size_t>(bytes));
  if (error == cudaErrorMemoryAllocation) {
    std::size_t free_bytes = 0, total = 0;
    (void)cudaGetLastError();
    CUDA_CALL(cudaMemGetInfo(&free_bytes, &total));
    fail("not enough device memory: {} bytes were asked for, {} of {} are free{}{}", bytes, free_bytes, total,
         error_context().empty() ? "" : ", ", error_context());
  }
  if (error != cudaSuccess) cuda_failed("cudaMalloc", error, __FILE__, __LINE__);
  return pointer;
}

void release(void* pointer) noexcept { (void)cudaFree(pointer); }

void* allocate_pinned(int64_t bytes) {
  REQUIRE(bytes >= 0, "{} bytes of page-locked memory cannot be allocated", bytes);
  if (bytes == 0) return nullptr;
  void* pointer = nullptr;
  CUDA_CALL(cudaMallocHost(&pointer, static_cast<std::size_t>(bytes)));
  return pointer;
}

void release_pinned(void* pointer) noexcept { (void)cudaFreeHost(pointer); }

// Nothing to move: no address need be one.
void copy_to_device(void* device, const void* host, int64_t bytes, Stream stream) {
  if (bytes > 0) CUDA_CALL(cudaMemcpyAsync(device, host, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice, stream));
}
void copy_to_host(void* host, const void* device, int64_t bytes, Stream stream) {
  if (bytes > 0) CUDA_CALL(cudaMemcpyAsync(host, device, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost, stream));
}
void copy_on_device(void* to, const void* from, int64_t bytes, Stream stream) {
  if (bytes > 0) CUDA_CALL(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice, stream));
}
void fill_bytes(void* device, int value, int64_t bytes, Stream stream) {
  if (bytes > 0) CUDA_CALL(cudaMemsetAsync(device, value, static_cast<std::size_t>(bytes), stream));
}
void wait(Stream stream) { CUDA_CALL(cudaStreamSynchronize(stream)); }

OwnedStream::OwnedStream() { CUDA_CALL(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
OwnedStream::~OwnedStream() { (void)cudaStreamDestroy(stream_); }

Event::Event() { CUDA_CALL(cudaEventCreate(&event_)); }
Event::~Event() { (void)cudaEventDestroy(event_); }
void Event::record(Stream stream) { CUDA_CALL(cudaEventRecord(event_, stream)); }
void Event::hold(Stream stream) { CUDA_CALL(cudaStreamWaitEvent(stream, event_, 0)); }
void Event::wait() { CUDA_CALL(cudaEventSynchronize(event_)); }
double Event::seconds_since(Event& start) {
  float milliseconds = 0;
  CUDA_CALL(cudaEventElapsedTime(&milliseconds, start.event_, event_));
  return milliseconds * 1e-3;
}

}  // namespace skewbench::device
