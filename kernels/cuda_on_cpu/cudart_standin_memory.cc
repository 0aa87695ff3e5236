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

cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  ENTER_CALL();
  if (pointer == nullptr) return finish(cudaErrorInvalidValue);
  *pointer = nullptr;
  if (bytes == 0) return finish(cudaSuccess);
  *pointer = allocate_pinned(bytes);
  return finish(*pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}

cudaError_t cudaFreeHost(void* pointer) {
  ENTER_CALL();
  if (pointer == nullptr) return finish(cudaSuccess);
  synchronise_all();
  return finish(release_pinned(pointer) ? cudaSuccess : cudaErrorInvalidValue);
}

// Offered by every GPU, but not here: the host cannot touch device memory.
cudaError_t cudaMallocManaged(void**, std::size_t, unsigned) {
  ENTER_CALL();
  return finish(cudaErrorNotSupported);
}

}  // extern "C"
