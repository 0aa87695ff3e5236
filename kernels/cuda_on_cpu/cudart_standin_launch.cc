// Launches: what nvcc's host code calls for kernel<<<...>>>(...), and cudaLaunchKernel.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/cudart_standin.h"
#include "kernels/cuda_on_cpu/grid.h"
#include "kernels/cuda_on_cpu/registry.h"
#include "kernels/cuda_on_cpu/report.h"
#include "kernels/cuda_on_cpu/streams.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr uint32_t kSharedWithoutOptIn = 48 << 10;

struct Function {
  std::string name;
  uint32_t opted_in_shared = 0;  // cudaFuncAttributeMaxDynamicSharedMemorySize
};

// By address of the function that nvcc puts on the host for a kernel, and that <<<>>> calls; filled by constructors of its objects.
std::map<const void*, Function>& functions() {
  static std::map<const void*, Function> all;
  return all;
}

struct Configuration {
  dim3 grid, block;
  std::size_t shared;
  cudaStream_t stream;
};
thread_local std::vector<Configuration> pushed;  // by <<<>>>, for the host function that it calls next

/// The translated kernel of a host function or of a cudaKernel_t; null if there is none, after saying so.
const Kernel* kernel_of(const void* function) {
  const auto found = functions().find(function);
  if (found == functions().end()) return nullptr;
  const Kernel* const kernel = find_kernel(found->second.name);
  if (kernel == nullptr) std::fprintf(stderr, "CUDA on the CPU: the kernel %s was not translated\n", demangled(found->second.name.c_str()).c_str());
  return kernel;
}

std::size_t limit(const Kernel& kernel, const Function& function) {
  const uint32_t begin = shared_begin(kernel);
  return std::max(function.opted_in_shared, begin < kSharedWithoutOptIn ? kSharedWithoutOptIn - begin : 0);
}

cudaError_t check(const Kernel& kernel, const Function& function, dim3 grid, dim3 block, std::size_t shared) {
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  const uint32_t most = kernel.max_threads != 0 ? kernel.max_threads : kMaxThreads;
  if (threads == 0 || block.z > 64 || uint64_t{grid.x} * grid.y * grid.z == 0) return cudaErrorInvalidConfiguration;
  if (grid.x > 0x7FFFFFFFu || grid.y > 65535 || grid.z > 65535 || threads > kMaxThreads) return cudaErrorInvalidConfiguration;
  if (threads > most) return cudaErrorLaunchOutOfResources;
  if (shared > limit(kernel, function)) return cudaErrorInvalidValue;
  return cudaSuccess;
}

/// A launch with its own copy of the parameters.
struct QueuedLaunch {
  Launch launch;
  std::vector<std::byte> parameters;
};

cudaError_t start(const void* host_function, dim3 grid, dim3 block, void** arguments, std::size_t shared, cudaStream_t stream) {
  ENTER_CALL();
  const Kernel* const kernel = kernel_of(host_function);
  if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
  const cudaError_t refusal = check(*kernel, functions()[host_function], grid, block, shared);
  if (refusal != cudaSuccess) return finish(refusal);
  const auto queued = std::make_shared<QueuedLaunch>();
  for (uint32_t i = 0; i < kernel->parameter_count; ++i) {
    const Parameter& parameter = kernel->parameters[i];
    if (queued->parameters.size() < parameter.offset + parameter.bytes) queued->parameters.resize(parameter.offset + parameter.bytes);
    std::memcpy(queued->parameters.data() + parameter.offset, arguments[i], parameter.bytes);
  }
  Launch& launch = queued->launch;
  launch.kernel = kernel;
  launch.parameters = queued->parameters.data();
  launch.dynamic_shared_bytes = static_cast<uint32_t>(shared);
  launch.shared_bytes = shared == 0 ? kernel->static_shared_bytes : shared_begin(*kernel) + static_cast<uint32_t>(shared);
  const dim3 sizes[] = {grid, block};
  for (int i = 0; i < 2; ++i) {
    uint32_t* const to = i == 0 ? launch.grid : launch.block;
    to[0] = sizes[i].x;
    to[1] = sizes[i].y;
    to[2] = sizes[i].z;
  }
  enqueue(stream, [queued] { run_grid(queued->launch); });
  return finish(cudaSuccess);
}

}  // namespace

}  // namespace skewbench::cuda_on_cpu

using namespace skewbench::cuda_on_cpu;

extern "C" {

void** __cudaRegisterFatBinary(void*) {
  static void* module = nullptr;  // nobody looks into it
  return &module;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
char __cudaInitModule(void**) { return 1; }

void __cudaRegisterFunction(void**, const char* host_function, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*, int*) {
  functions()[host_function] = {.name = name};
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, CUstream_st* stream) {
  pushed.push_back({grid, block, shared, stream});
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
  if (pushed.empty()) return finish(cudaErrorMissingConfiguration);
  const Configuration top = pushed.back();
  pushed.pop_back();
  *grid = top.grid;
  *block = top.block;
  *shared = top.shared;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  return cudaSuccess;
}

// A kernel's handle is the address of its host function.
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host_function) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(host_function));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t shared, cudaStream_t stream) {
  return start(kernel, grid, block, arguments, shared, stream);
}

cudaError_t cudaLaunchKernel(const void* host_function, dim3 grid, dim3 block, void** arguments, std::size_t shared, cudaStream_t stream) {
  return start(host_function, grid, block, arguments, shared, stream);
}

cudaError_t cudaFuncSetAttribute(const void* host_function, cudaFuncAttribute attribute, int value) {
  ENTER_CALL();
  const Kernel* const kernel = kernel_of(host_function);
  if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return finish(cudaSuccess);
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return finish(cudaErrorInvalidValue);
  if (value < 0 || shared_begin(*kernel) + static_cast<uint32_t>(value) > kMaxSharedBytes) return finish(cudaErrorInvalidValue);
  functions()[host_function].opted_in_shared = static_cast<uint32_t>(value);
  return finish(cudaSuccess);
}

}  // extern "C"
