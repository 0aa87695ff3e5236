// Copies and fills. What CUDA's documentation ("API synchronization behavior") lets happen later happens later: a copy
// between the device and page-locked memory, a copy on the device, a fill. From pageable memory the bytes are taken at once and
// arrive later; to pageable memory, and in a blocking copy, the call returns when it is done.
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/cudart_standin.h"
#include "kernels/cuda_on_cpu/device_memory.h"
#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/host_memory.h"
#include "kernels/cuda_on_cpu/registry.h"
#include "kernels/cuda_on_cpu/streams.h"

using namespace skewbench::cuda_on_cpu;

namespace {

uint64_t address_of(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }
bool is_on_device(const void* pointer) { return is_device_address(address_of(pointer)); }

/// Where the host finds `pointer`, which may be device memory.
std::byte* reach(const void* pointer) {
  return is_on_device(pointer) ? host_view(address_of(pointer)) : reinterpret_cast<std::byte*>(address_of(pointer));
}

bool is_within_allocation(const void* pointer, std::size_t bytes) {
  const Allocation* const found = find_allocation(address_of(pointer));
  return found != nullptr && bytes <= found->end() - address_of(pointer);
}

cudaError_t check_copy(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (to == nullptr || from == nullptr) return cudaErrorInvalidValue;
  const bool to_device = is_on_device(to), from_device = is_on_device(from);
  switch (kind) {
    case cudaMemcpyHostToHost:
      if (to_device || from_device) return cudaErrorInvalidValue;
      break;
    case cudaMemcpyHostToDevice:
      if (!to_device || from_device) return cudaErrorInvalidValue;
      break;
    case cudaMemcpyDeviceToHost:
      if (to_device || !from_device) return cudaErrorInvalidValue;
      break;
    case cudaMemcpyDeviceToDevice:
      if (!to_device || !from_device) return cudaErrorInvalidValue;
      break;
    case cudaMemcpyDefault: break;
    default: return cudaErrorInvalidMemcpyDirection;
  }
  if (to_device && !is_within_allocation(to, bytes)) return cudaErrorInvalidValue;
  if (from_device && !is_within_allocation(from, bytes)) return cudaErrorInvalidValue;
  return cudaSuccess;
}

bool is_pageable(const void* pointer, std::size_t bytes) { return !is_on_device(pointer) && !is_pinned(pointer, bytes); }

cudaError_t copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream, bool is_blocking) {
  ENTER_CALL();
  if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (bytes == 0) return finish(cudaSuccess);
  const cudaError_t refusal = check_copy(to, from, bytes, kind);
  if (refusal != cudaSuccess) return finish(refusal);
  OperationPointer operation;
  if (is_on_device(to) && is_pageable(from, bytes)) {
    const auto taken = std::make_shared<std::vector<std::byte>>(reach(from), reach(from) + bytes);
    operation = enqueue(stream, [=] { std::memcpy(reach(to), taken->data(), bytes); });
  } else {
    operation = enqueue(stream, [=] { std::memmove(reach(to), reach(from), bytes); });
    is_blocking |= is_pageable(to, bytes) || (!is_on_device(to) && !is_on_device(from));
  }
  if (is_on_device(to) && is_on_device(from)) is_blocking = false;
  if (is_blocking) finish_operation(operation);
  return finish(sticky_error());
}

cudaError_t fill(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  ENTER_CALL();
  if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (bytes == 0) return finish(cudaSuccess);
  if (!is_within_allocation(to, bytes)) return finish(cudaErrorInvalidValue);
  enqueue(stream, [=] { std::memset(reach(to), value, bytes); });
  return finish(sticky_error());
}

// Variables by the address of the host's shadow, which nvcc's host code registers.
std::map<const void*, std::string>& symbols() {
  static std::map<const void*, std::string> all;
  return all;
}

/// Device address of `offset` within a symbol that has `bytes` from there; null otherwise.
void* within_symbol(const void* symbol, std::size_t offset, std::size_t bytes) {
  const auto name = symbols().find(symbol);
  const Variable* const variable = name == symbols().end() ? nullptr : find_variable(name->second);
  if (variable == nullptr || variable->definitions != 1) return nullptr;
  if (offset > variable->bytes || bytes > variable->bytes - offset) return nullptr;
  return reinterpret_cast<void*>(variable->address + offset);
}

}  // namespace

extern "C" {

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) { return copy(to, from, bytes, kind, nullptr, true); }
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy(to, from, bytes, kind, stream, false);
}

cudaError_t cudaMemset(void* to, int value, std::size_t bytes) { return fill(to, value, bytes, nullptr); }
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) { return fill(to, value, bytes, stream); }

void __cudaRegisterVar(void**, char* shadow, char*, const char* name, int, std::size_t, int, int) { symbols()[shadow] = name; }

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* from, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind) {
  void* const to = within_symbol(symbol, offset, bytes);
  return to == nullptr ? finish(cudaErrorInvalidSymbol) : cudaMemcpy(to, from, bytes, kind);
}

}  // extern "C"
