// Devices, versions and errors.
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/cudart_standin.h"
#include "kernels/cuda_on_cpu/device_memory.h"
#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/settings.h"
#include "kernels/cuda_on_cpu/streams.h"

namespace skewbench::cuda_on_cpu {
namespace {

std::recursive_mutex& calls() {
  static std::recursive_mutex mutex;
  return mutex;
}

thread_local cudaError_t last_error = cudaSuccess;

cudaError_t why_no_call_works() {
  if (settings().driver != 0 && settings().driver < CUDART_VERSION) return cudaErrorInsufficientDriver;
  if (settings().devices == 0) return cudaErrorNoDevice;
  return sticky_error();
}

}  // namespace

Call::Call() : lock_(calls()), refusal_(why_no_call_works()) {}

cudaError_t finish(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

}  // namespace skewbench::cuda_on_cpu

using namespace skewbench::cuda_on_cpu;

namespace {

constexpr int kDriver = CUDART_VERSION;

// As on an A100, where a program could depend on it.
struct DeviceAttribute {
  cudaDeviceAttr attribute;
  int value;
};
constexpr DeviceAttribute kAttributes[] = {
    {cudaDevAttrComputeCapabilityMajor, 8},
    {cudaDevAttrComputeCapabilityMinor, 0},
    {cudaDevAttrMultiProcessorCount, 108},
    {cudaDevAttrWarpSize, 32},
    {cudaDevAttrMaxThreadsPerBlock, kMaxThreads},
    {cudaDevAttrMaxThreadsPerMultiProcessor, 2048},
    {cudaDevAttrMaxBlocksPerMultiprocessor, 32},
    {cudaDevAttrMaxBlockDimX, 1024},
    {cudaDevAttrMaxBlockDimY, 1024},
    {cudaDevAttrMaxBlockDimZ, 64},
    {cudaDevAttrMaxGridDimX, 0x7FFFFFFF},
    {cudaDevAttrMaxGridDimY, 65535},
    {cudaDevAttrMaxGridDimZ, 65535},
    {cudaDevAttrMaxSharedMemoryPerBlock, 48 << 10},
    {cudaDevAttrMaxSharedMemoryPerBlockOptin, kMaxSharedBytes},
    {cudaDevAttrMaxSharedMemoryPerMultiprocessor, 228 << 10},
    {cudaDevAttrReservedSharedMemoryPerBlock, 1 << 10},
    {cudaDevAttrMaxRegistersPerBlock, 65536},
    {cudaDevAttrMaxRegistersPerMultiprocessor, 65536},
    {cudaDevAttrTotalConstantMemory, 64 << 10},
    {cudaDevAttrL2CacheSize, 40 << 20},
    {cudaDevAttrClockRate, 1410000},
    {cudaDevAttrMemoryClockRate, 1215000},
    {cudaDevAttrGlobalMemoryBusWidth, 5120},
    {cudaDevAttrAsyncEngineCount, 3},
    {cudaDevAttrConcurrentKernels, 1},
    {cudaDevAttrEccEnabled, 0},
    {cudaDevAttrUnifiedAddressing, 1},
    {cudaDevAttrManagedMemory, 0},
    {cudaDevAttrCooperativeLaunch, 0},
    {cudaDevAttrPciBusId, 0},
    {cudaDevAttrPciDeviceId, 0},
    {cudaDevAttrPciDomainId, 0},
    {cudaDevAttrComputeMode, cudaComputeModeDefault},
    {cudaDevAttrMemoryPoolsSupported, 0},
    {cudaDevAttrGPUDirectRDMASupported, 0},
};

const int* find_attribute(cudaDeviceAttr attribute) {
  for (const DeviceAttribute& known : kAttributes)
    if (known.attribute == attribute) return &known.value;
  return nullptr;
}

int value_of(cudaDeviceAttr attribute) { return *find_attribute(attribute); }

cudaDeviceProp all_properties() {
  cudaDeviceProp p;
  std::memset(&p, 0, sizeof p);
  std::snprintf(p.name, sizeof p.name, "CUDA on the CPU (translated PTX, no GPU)");
  const pid_t owner = settings().shared_device ? 0 : getpid();  // NCCL, among others, tells devices apart by it
  std::memcpy(p.uuid.bytes, &owner, sizeof owner);
  p.major = value_of(cudaDevAttrComputeCapabilityMajor);
  p.minor = value_of(cudaDevAttrComputeCapabilityMinor);
  p.totalGlobalMem = device_bytes_total();
  p.sharedMemPerBlock = static_cast<std::size_t>(value_of(cudaDevAttrMaxSharedMemoryPerBlock));
  p.sharedMemPerBlockOptin = static_cast<std::size_t>(value_of(cudaDevAttrMaxSharedMemoryPerBlockOptin));
  p.sharedMemPerMultiprocessor = static_cast<std::size_t>(value_of(cudaDevAttrMaxSharedMemoryPerMultiprocessor));
  p.reservedSharedMemPerBlock = static_cast<std::size_t>(value_of(cudaDevAttrReservedSharedMemoryPerBlock));
  p.regsPerBlock = value_of(cudaDevAttrMaxRegistersPerBlock);
  p.regsPerMultiprocessor = value_of(cudaDevAttrMaxRegistersPerMultiprocessor);
  p.warpSize = value_of(cudaDevAttrWarpSize);
  p.maxThreadsPerBlock = value_of(cudaDevAttrMaxThreadsPerBlock);
  p.maxThreadsPerMultiProcessor = value_of(cudaDevAttrMaxThreadsPerMultiProcessor);
  p.maxBlocksPerMultiProcessor = value_of(cudaDevAttrMaxBlocksPerMultiprocessor);
  p.maxThreadsDim[0] = value_of(cudaDevAttrMaxBlockDimX);
  p.maxThreadsDim[1] = value_of(cudaDevAttrMaxBlockDimY);
  p.maxThreadsDim[2] = value_of(cudaDevAttrMaxBlockDimZ);
  p.maxGridSize[0] = value_of(cudaDevAttrMaxGridDimX);
  p.maxGridSize[1] = value_of(cudaDevAttrMaxGridDimY);
  p.maxGridSize[2] = value_of(cudaDevAttrMaxGridDimZ);
  p.totalConstMem = static_cast<std::size_t>(value_of(cudaDevAttrTotalConstantMemory));
  p.multiProcessorCount = value_of(cudaDevAttrMultiProcessorCount);
  p.l2CacheSize = value_of(cudaDevAttrL2CacheSize);
  p.memoryBusWidth = value_of(cudaDevAttrGlobalMemoryBusWidth);
  p.asyncEngineCount = value_of(cudaDevAttrAsyncEngineCount);
  p.concurrentKernels = 1;
  p.unifiedAddressing = 1;
  return p;
}

struct ErrorText {
  cudaError_t error;
  const char *name, *text;
};
#define TEXT(error, text) {error, #error, text}
constexpr ErrorText kErrors[] = {
    TEXT(cudaSuccess, "no error"),
    TEXT(cudaErrorInvalidValue, "invalid argument"),
    TEXT(cudaErrorMemoryAllocation, "out of memory"),
    TEXT(cudaErrorInitializationError, "initialization error"),
    TEXT(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    TEXT(cudaErrorInvalidSymbol, "invalid device symbol"),
    TEXT(cudaErrorInvalidDevicePointer, "invalid device pointer"),
    TEXT(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    TEXT(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    TEXT(cudaErrorMissingConfiguration, "a launch without its configuration"),
    TEXT(cudaErrorInvalidDeviceFunction, "invalid device function"),
    TEXT(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    TEXT(cudaErrorInvalidDevice, "invalid device ordinal"),
    TEXT(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    TEXT(cudaErrorNotReady, "device not ready"),
    TEXT(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    TEXT(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    TEXT(cudaErrorLaunchTimeout, "the launch timed out and was terminated"),
    TEXT(cudaErrorAssert, "device-side assert triggered"),
    TEXT(cudaErrorIllegalInstruction, "an illegal instruction was encountered"),
    TEXT(cudaErrorMisalignedAddress, "misaligned address"),
    TEXT(cudaErrorLaunchFailure, "unspecified launch failure"),
    TEXT(cudaErrorNotPermitted, "operation not permitted"),
    TEXT(cudaErrorNotSupported, "operation not supported"),
    TEXT(cudaErrorUnknown, "unknown error"),
};
#undef TEXT

const ErrorText* find_error(cudaError_t error) {
  for (const ErrorText& known : kErrors)
    if (known.error == error) return &known;
  return nullptr;
}

}  // namespace

extern "C" {

const char* cudaGetErrorName(cudaError_t error) {
  const ErrorText* const found = find_error(error);
  return found != nullptr ? found->name : "unrecognized error code";
}
const char* cudaGetErrorString(cudaError_t error) {
  const ErrorText* const found = find_error(error);
  return found != nullptr ? found->text : "unrecognized error code";
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = cudaPeekAtLastError();
  last_error = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError() { return sticky_error() != cudaSuccess ? sticky_error() : last_error; }

cudaError_t cudaDriverGetVersion(int* version) {
  if (version == nullptr) return finish(cudaErrorInvalidValue);
  *version = settings().driver != 0 ? settings().driver : kDriver;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  if (version == nullptr) return finish(cudaErrorInvalidValue);
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  if (count == nullptr) return finish(cudaErrorInvalidValue);
  *count = 0;
  ENTER_CALL();
  *count = 1;
  return finish(cudaSuccess);
}
cudaError_t cudaSetDevice(int device) {
  ENTER_CALL();
  return finish(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
cudaError_t cudaGetDevice(int* device) {
  ENTER_CALL();
  if (device == nullptr) return finish(cudaErrorInvalidValue);
  *device = 0;
  return finish(cudaSuccess);
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  ENTER_CALL();
  if (properties == nullptr) return finish(cudaErrorInvalidValue);
  if (device != 0) return finish(cudaErrorInvalidDevice);
  *properties = all_properties();
  return finish(cudaSuccess);
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  ENTER_CALL();
  const int* const found = find_attribute(attribute);
  if (value == nullptr || found == nullptr) return finish(cudaErrorInvalidValue);
  if (device != 0) return finish(cudaErrorInvalidDevice);
  *value = *found;
  return finish(cudaSuccess);
}

cudaError_t cudaDeviceSynchronize() {
  ENTER_CALL();
  synchronise_all();
  return finish(sticky_error());
}

}  // extern "C"
