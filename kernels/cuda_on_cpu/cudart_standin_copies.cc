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

/// Lines of `width` bytes, `pitch` apart; an ordinary copy is one line.
struct Lines {
  std::size_t width, count = 1;
  std::size_t to_pitch = 0, from_pitch = 0;

  std::size_t span(std::size_t pitch) const { return (count - 1) * pitch + width; }
};

bool is_within_allocation(const void* pointer, std::size_t bytes) {
  const Allocation* const found = find_allocation(address_of(pointer));
  return found != nullptr && bytes <= found->end() - address_of(pointer);
}

cudaError_t check_copy(const void* to, const void* from, const Lines& lines, cudaMemcpyKind kind) {
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
  if (lines.count > 1 && (lines.to_pitch < lines.width || lines.from_pitch < lines.width)) return cudaErrorInvalidValue;
  if (to_device && !is_within_allocation(to, lines.span(lines.to_pitch))) return cudaErrorInvalidValue;
  if (from_device && !is_within_allocation(from, lines.span(lines.from_pitch))) return cudaErrorInvalidValue;
  return cudaSuccess;
}

void copy_lines(std::byte* to, const std::byte* from, const Lines& lines) {
  for (std::size_t i = 0; i < lines.count; ++i) std::memmove(to + i * lines.to_pitch, from + i * lines.from_pitch, lines.width);
}

bool is_pageable(const void* pointer, std::size_t bytes) { return !is_on_device(pointer) && !is_pinned(pointer, bytes); }

cudaError_t copy(void* to, const void* from, const Lines& lines, cudaMemcpyKind kind, cudaStream_t stream, bool is_blocking) {
  ENTER_CALL();
  if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (lines.width == 0 || lines.count == 0) return finish(cudaSuccess);
  const cudaError_t refusal = check_copy(to, from, lines, kind);
  if (refusal != cudaSuccess) return finish(refusal);
  const std::size_t span = lines.span(lines.from_pitch);
  OperationPointer operation;
  if (is_on_device(to) && is_pageable(from, span)) {
    const auto taken = std::make_shared<std::vector<std::byte>>(reach(from), reach(from) + span);
    operation = enqueue(stream, [=] { copy_lines(reach(to), taken->data(), lines); });
  } else {
    operation = enqueue(stream, [=] { copy_lines(reach(to), reach(from), lines); });
    is_blocking |= is_pageable(to, lines.span(lines.to_pitch)) || (!is_on_device(to) && !is_on_device(from));
  }
  if (is_on_device(to) && is_on_device(from)) is_blocking = false;
  if (is_blocking) finish_operation(operation);
  return finish(sticky_error());
}

cudaError_t fill(void* to, int value, const Lines& lines, cudaStream_t stream) {
  ENTER_CALL();
  if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (lines.width == 0 || lines.count == 0) return finish(cudaSuccess);
  if (lines.count > 1 && lines.to_pitch < lines.width) return finish(cudaErrorInvalidValue);
  if (!is_within_allocation(to, lines.span(lines.to_pitch))) return finish(cudaErrorInvalidValue);
  enqueue(stream, [=] {
    for (std::size_t i = 0; i < lines.count; ++i) std::memset(reach(to) + i * lines.to_pitch, value, lines.width);
  });
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

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return copy(to, from, {bytes}, kind, nullptr, true);
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy(to, from, {bytes}, kind, stream, false);
}
cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width, std::size_t height,
                         cudaMemcpyKind kind) {
  return copy(to, from, {width, height, to_pitch, from_pitch}, kind, nullptr, true);
}
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width, std::size_t height,
                              cudaMemcpyKind kind, cudaStream_t stream) {
  return copy(to, from, {width, height, to_pitch, from_pitch}, kind, stream, false);
}

cudaError_t cudaMemset(void* to, int value, std::size_t bytes) { return fill(to, value, {bytes}, nullptr); }
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) { return fill(to, value, {bytes}, stream); }
cudaError_t cudaMemset2DAsync(void* to, std::size_t pitch, int value, std::size_t width, std::size_t height, cudaStream_t stream) {
  return fill(to, value, {width, height, pitch}, stream);
}

void __cudaRegisterVar(void**, char* shadow, char*, const char* name, int, std::size_t, int, int) { symbols()[shadow] = name; }

cudaError_t cudaGetSymbolAddress(void** pointer, const void* symbol) {
  ENTER_CALL();
  if (pointer == nullptr) return finish(cudaErrorInvalidValue);
  *pointer = within_symbol(symbol, 0, 0);
  return finish(*pointer == nullptr ? cudaErrorInvalidSymbol : cudaSuccess);
}
cudaError_t cudaGetSymbolSize(std::size_t* bytes, const void* symbol) {
  ENTER_CALL();
  void* const begin = within_symbol(symbol, 0, 0);
  if (bytes == nullptr || begin == nullptr) return finish(bytes == nullptr ? cudaErrorInvalidValue : cudaErrorInvalidSymbol);
  *bytes = find_allocation(address_of(begin))->bytes;
  return finish(cudaSuccess);
}

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* from, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind) {
  void* const to = within_symbol(symbol, offset, bytes);
  return to == nullptr ? finish(cudaErrorInvalidSymbol) : cudaMemcpy(to, from, bytes, kind);
}
cudaError_t cudaMemcpyFromSymbol(void* to, const void* symbol, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind) {
  const void* const from = within_symbol(symbol, offset, bytes);
  return from == nullptr ? finish(cudaErrorInvalidSymbol) : cudaMemcpy(to, from, bytes, kind);
}
cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* from, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind,
                                    cudaStream_t stream) {
  void* const to = within_symbol(symbol, offset, bytes);
  return to == nullptr ? finish(cudaErrorInvalidSymbol) : cudaMemcpyAsync(to, from, bytes, kind, stream);
}
cudaError_t cudaMemcpyFromSymbolAsync(void* to, const void* symbol, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind,
                                      cudaStream_t stream) {
  const void* const from = within_symbol(symbol, offset, bytes);
  return from == nullptr ? finish(cudaErrorInvalidSymbol) : cudaMemcpyAsync(to, from, bytes, kind, stream);
}

}  // extern "C"
