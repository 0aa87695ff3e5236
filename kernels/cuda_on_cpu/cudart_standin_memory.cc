// Memory: on the device and page-locked.
#include "kernels/cuda_on_cpu/cudart_standin.h"
#include "kernels/cuda_on_cpu/device_memory.h"
#include "kernels/cuda_on_cpu/host_memory.h"
#include "kernels/cuda_on_cpu/streams.h"

using namespace skewbench::cuda_on_cpu;

extern "C" {

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  ENTER_CALL();
  if (pointer == nullptr) return finish(cudaErrorInvalidValue);
  *pointer = nullptr;
  if (bytes == 0) return finish(cudaSuccess);
  const uint64_t address = allocate_device(bytes);
  if (address == 0) return finish(cudaErrorMemoryAllocation);
  *pointer = reinterpret_cast<void*>(address);
  return finish(cudaSuccess);
}

// Waits for the device, as on a GPU.
cudaError_t cudaFree(void* pointer) {
  ENTER_CALL();
  if (pointer == nullptr) return finish(cudaSuccess);
  synchronise_all();
  return finish(release_device(reinterpret_cast<uint64_t>(pointer)) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total) {
  ENTER_CALL();
  if (free_bytes == nullptr || total == nullptr) return finish(cudaErrorInvalidValue);
  *total = device_bytes_total();
  *free_bytes = device_bytes_total() - device_bytes_used();
  return finish(cudaSuccess);
}

cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned flags) {
  ENTER_CALL();
  // Memory that a kernel reaches by the host's address (cudaHostAllocMapped) is not offered.
  if (pointer == nullptr || (flags & ~unsigned{cudaHostAllocPortable | cudaHostAllocWriteCombined}) != 0) return finish(cudaErrorInvalidValue);
  *pointer = nullptr;
  if (bytes == 0) return finish(cudaSuccess);
  *pointer = allocate_pinned(bytes);
  return finish(*pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) { return cudaHostAlloc(pointer, bytes, cudaHostAllocDefault); }

cudaError_t cudaFreeHost(void* pointer) {
  ENTER_CALL();
  if (pointer == nullptr) return finish(cudaSuccess);
  synchronise_all();
  return finish(release_pinned(pointer) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaHostRegister(void* pointer, std::size_t bytes, unsigned flags) {
  ENTER_CALL();
  if (pointer == nullptr || bytes == 0 || (flags & ~unsigned{cudaHostRegisterPortable}) != 0) return finish(cudaErrorInvalidValue);
  return finish(register_pinned(pointer, bytes) ? cudaSuccess : cudaErrorHostMemoryAlreadyRegistered);
}
cudaError_t cudaHostUnregister(void* pointer) {
  ENTER_CALL();
  synchronise_all();
  return finish(unregister_pinned(pointer) ? cudaSuccess : cudaErrorHostMemoryNotRegistered);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  ENTER_CALL();
  if (attributes == nullptr) return finish(cudaErrorInvalidValue);
  *attributes = {};
  attributes->device = -2;  // cudaInvalidDeviceId, which is for C++ only in CUDA's headers
  attributes->type = cudaMemoryTypeUnregistered;
  const auto address = reinterpret_cast<uint64_t>(pointer);
  if (find_allocation(address) != nullptr) {
    attributes->type = cudaMemoryTypeDevice;
    attributes->devicePointer = const_cast<void*>(pointer);
    attributes->device = 0;
  } else if (is_pinned(pointer, 1)) {
    attributes->type = cudaMemoryTypeHost;
    attributes->hostPointer = const_cast<void*>(pointer);
    attributes->device = 0;
  }
  return finish(cudaSuccess);
}

// What a program may ask for, and does not get.
cudaError_t cudaMallocManaged(void**, std::size_t, unsigned) {
  ENTER_CALL();
  return finish(cudaErrorNotSupported);
}
cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) {
  ENTER_CALL();
  if (can == nullptr) return finish(cudaErrorInvalidValue);
  *can = 0;
  return finish(cudaSuccess);
}
cudaError_t cudaDeviceEnablePeerAccess(int, unsigned) {
  ENTER_CALL();
  return finish(cudaErrorPeerAccessUnsupported);
}
cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t*, void*) {
  ENTER_CALL();
  return finish(cudaErrorNotSupported);
}
cudaError_t cudaIpcOpenMemHandle(void**, cudaIpcMemHandle_t, unsigned) {
  ENTER_CALL();
  return finish(cudaErrorNotSupported);
}

}  // extern "C"
