// Memory: device and page-locked, copies, fills.
#include <cstdlib>
#include <cstring>

#include "kernels/cuda_on_cpu/cudart_standin.h"
#include "kernels/cuda_on_cpu/device_memory.h"
#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/streams.h"

using namespace skewbench::cuda_on_cpu;

namespace {

uint64_t address_of(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

/// Where the host finds `pointer`, which may be device memory.
std::byte* reach(const void* pointer) {
  const uint64_t address = address_of(pointer);
  return is_device_address(address) ? host_view(address) : reinterpret_cast<std::byte*>(address);
}

bool is_within_allocation(const void* pointer, std::size_t bytes) {
  const Allocation* const found = find_allocation(address_of(pointer));
  return found != nullptr && bytes <= found->end() - address_of(pointer);
}

cudaError_t check_copy(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const bool to_device = is_device_address(address_of(to)), from_device = is_device_address(address_of(from));
  const bool fits = kind == cudaMemcpyDefault || (kind == cudaMemcpyHostToHost && !to_device && !from_device) ||
                    (kind == cudaMemcpyHostToDevice && to_device && !from_device) ||
                    (kind == cudaMemcpyDeviceToHost && !to_device && from_device) ||
                    (kind == cudaMemcpyDeviceToDevice && to_device && from_device);
  if (!fits) return cudaErrorInvalidValue;
  if (to_device && !is_within_allocation(to, bytes)) return cudaErrorInvalidValue;
  if (from_device && !is_within_allocation(from, bytes)) return cudaErrorInvalidValue;
  return cudaSuccess;
}

}  // namespace

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

cudaError_t cudaFree(void* pointer) {
  ENTER_CALL();
  if (pointer == nullptr) return finish(cudaSuccess);
  synchronise_all();
  return finish(release_device(address_of(pointer)) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  ENTER_CALL();
  if (pointer == nullptr) return finish(cudaErrorInvalidValue);
  *pointer = bytes == 0 ? nullptr : std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  return finish(bytes > 0 && *pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}
cudaError_t cudaFreeHost(void* pointer) {
  ENTER_CALL();
  synchronise_all();
  std::free(pointer);
  return finish(cudaSuccess);
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total) {
  ENTER_CALL();
  if (free_bytes == nullptr || total == nullptr) return finish(cudaErrorInvalidValue);
  *total = device_bytes_total();
  *free_bytes = device_bytes_total() - device_bytes_used();
  return finish(cudaSuccess);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  ENTER_CALL();
  if (bytes == 0) return finish(cudaSuccess);
  const cudaError_t refusal = check_copy(to, from, bytes, kind);
  if (refusal != cudaSuccess) return finish(refusal);
  enqueue(stream, [=] { std::memmove(reach(to), reach(from), bytes); });
  return finish(cudaSuccess);
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const cudaError_t started = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
  if (started != cudaSuccess) return started;
  return cudaStreamSynchronize(nullptr);
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  ENTER_CALL();
  if (bytes == 0) return finish(cudaSuccess);
  if (!is_within_allocation(to, bytes)) return finish(cudaErrorInvalidValue);
  enqueue(stream, [=] { std::memset(reach(to), value, bytes); });
  return finish(cudaSuccess);
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) { return cudaMemsetAsync(to, value, bytes, nullptr); }

}  // extern "C"
