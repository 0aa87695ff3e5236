// What a program may ask about its kernels: attributes and occupancy. Registers are not known here (make cuda-report prints
// ptxas' figures), so occupancy is bounded by threads, blocks and shared memory alone, as on an A100.
#include <algorithm>

#include "kernels/cuda_on_cpu/block.h"
#include "kernels/cuda_on_cpu/cudart_standin.h"
#include "kernels/cuda_on_cpu/registry.h"

using namespace skewbench::cuda_on_cpu;

namespace {

constexpr int kThreadsOfMultiprocessor = 2048, kBlocksOfMultiprocessor = 32;
constexpr std::size_t kSharedOfMultiprocessor = 228 << 10, kReservedPerBlock = 1 << 10;

uint32_t most_threads(const Kernel& kernel) { return kernel.max_threads != 0 ? kernel.max_threads : kMaxThreads; }

int blocks_per_multiprocessor(const Kernel& kernel, int threads, std::size_t dynamic_shared) {
  const std::size_t shared = shared_begin(kernel) + dynamic_shared;
  if (threads > static_cast<int>(most_threads(kernel)) || shared > kMaxSharedBytes) return 0;
  const int warps = (threads + static_cast<int>(kLanes) - 1) / static_cast<int>(kLanes);
  const int by_threads = kThreadsOfMultiprocessor / (warps * static_cast<int>(kLanes));
  const int by_shared = static_cast<int>(kSharedOfMultiprocessor / (shared + kReservedPerBlock));
  return std::min({by_threads, by_shared, kBlocksOfMultiprocessor});
}

}  // namespace

extern "C" {

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* stub) {
  ENTER_CALL();
  if (attributes == nullptr) return finish(cudaErrorInvalidValue);
  const Kernel* const kernel = kernel_of(stub);
  if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
  *attributes = {};
  attributes->sharedSizeBytes = kernel->static_shared_bytes;
  attributes->maxThreadsPerBlock = static_cast<int>(most_threads(*kernel));
  attributes->maxDynamicSharedSizeBytes = static_cast<int>(dynamic_shared_limit(stub));
  attributes->ptxVersion = attributes->binaryVersion = 80;
  return finish(cudaSuccess);
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* stub, int threads, std::size_t dynamic_shared,
                                                                   unsigned flags) {
  ENTER_CALL();
  if (blocks == nullptr || threads < 1 || flags > cudaOccupancyDisableCachingOverride) return finish(cudaErrorInvalidValue);
  const Kernel* const kernel = kernel_of(stub);
  if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
  *blocks = blocks_per_multiprocessor(*kernel, threads, dynamic_shared);
  return finish(cudaSuccess);
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* stub, int threads, std::size_t dynamic_shared) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, stub, threads, dynamic_shared, cudaOccupancyDefault);
}

}  // extern "C"
