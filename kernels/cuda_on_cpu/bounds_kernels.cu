// Accesses outside of what there is, or not aligned to their size.
#include "kernels/cuda_on_cpu/memory_checks_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr int kLast = BugData::kFloats - 1;

template <bool kBug>
__global__ void behind_an_array(float* data) {
  data[kLast + (kBug && threadIdx.x == 3 ? 1 : -static_cast<int>(threadIdx.x))] = 1;
}

template <bool kBug>
__global__ void before_an_array(float* data) {
  data[32 + threadIdx.x] = data[static_cast<int>(threadIdx.x) - (kBug ? 1 : 0)];
}

// The last float4 begins within the array and ends behind it.
template <bool kBug>
__global__ void half_behind_an_array(float* data) {
  const auto shifted = reinterpret_cast<float4*>(data + (kBug ? 4 : 0));
  data[threadIdx.x] = shifted[BugData::kFloats / 4 - 1].w;
}

template <bool kBug>
__global__ void unaligned_vector(float* data) {
  const float2 value = *reinterpret_cast<const float2*>(data + (kBug ? 1 : 2));
  data[64 + threadIdx.x] = value.x + value.y;
}

template <bool kBug>
__global__ void through_null(float* data) {
  float* const nowhere = reinterpret_cast<float*>(threadIdx.x * 0x10);
  *(kBug ? nowhere : data + threadIdx.x) = 1;
}

template <bool kBug>
__global__ void behind_shared_memory(float* data) {
  __shared__ float s[32];
  s[threadIdx.x + (kBug ? 1 : 0)] = data[threadIdx.x];
  __syncthreads();
  data[threadIdx.x] = s[31 - threadIdx.x];
}

template <bool kBug>
__global__ void before_shared_memory(float* data) {
  __shared__ float s[32];
  s[threadIdx.x] = data[threadIdx.x];
  __syncthreads();
  data[threadIdx.x] = s[static_cast<int>(threadIdx.x) - (kBug ? 8 : 0)];
}

template <bool kBug>
__global__ void dynamic_shared_memory(float* data) {
  extern __shared__ float dynamic[];
  dynamic[(kBug ? 2 : 1) * threadIdx.x] = data[threadIdx.x];
  __syncthreads();
  data[threadIdx.x] = dynamic[threadIdx.x];
}
template <bool kBug>
void with_32_floats(const BugData& data) {
  dynamic_shared_memory<kBug><<<1, 32, 32 * sizeof(float)>>>(data.floats);
}

// The compiler cannot know which memory the pointer points to.
__device__ __noinline__ float read(const float* from, int i) { return from[i]; }

template <bool kBug>
__global__ void generic_pointer(float* data) {
  __shared__ float s[32];
  s[threadIdx.x] = data[threadIdx.x];
  __syncthreads();
  const float* const from = data[0] < 0 ? data : s;
  data[64 + threadIdx.x] = read(from, static_cast<int>(threadIdx.x) + (kBug ? 1 : 0));
}

template <bool kBug>
__global__ void local_array(float* data) {
  float own[16];
  const int t = static_cast<int>(threadIdx.x);
  for (int i = 0; i < 16; ++i) own[i] = data[(i * t) % 64];
  data[64 + t] = read(own, kBug ? t + 1 : t % 16);
}

__global__ void write_all(float* data) { data[threadIdx.x] = 1; }

template <bool kBug>
void freed_memory(const BugData& data) {
  float* other = nullptr;
  if (cudaMalloc(reinterpret_cast<void**>(&other), 4096) != cudaSuccess) return;
  if (kBug && cudaFree(other) != cudaSuccess) return;
  write_all<<<1, 32>>>(other);
  write_all<<<1, 32>>>(data.floats);
  if (!kBug) (void)cudaFree(other);
}

#define BOTH(kernel, blocks, threads) start<kernel<true>, blocks, threads>, start<kernel<false>, blocks, threads>
const BugCase kCases[] = {
    {"behind_an_array", {"a write of 4 bytes of global memory at 0x", "0 bytes behind an allocation of 16384 bytes", "thread (3,0,0)", "bounds_kernels.cu:"},
     cudaErrorIllegalAddress, BOTH(behind_an_array, 1, 32)},
    {"before_an_array", {"a read of 4 bytes of global memory at 0x", "allocation of", "thread (0,0,0)"}, cudaErrorIllegalAddress, BOTH(before_an_array, 1, 32)},
    {"half_behind_an_array", {"of 4 bytes of global memory", "12 bytes behind an allocation of 16384 bytes"}, cudaErrorIllegalAddress, BOTH(half_behind_an_array, 1, 1)},
    {"unaligned_vector", {"a read of 8 bytes", "which is not a multiple of 8"}, cudaErrorMisalignedAddress, BOTH(unaligned_vector, 1, 32)},
    {"through_null", {"a write of 4 bytes of ", " at 0x"}, cudaErrorIllegalAddress, BOTH(through_null, 1, 32)},
    {"behind_shared_memory", {"a write of 4 bytes of shared memory at offset 128", "the block has 128 bytes", "thread (31,0,0)"}, cudaErrorIllegalAddress,
     BOTH(behind_shared_memory, 1, 32)},
    {"before_shared_memory", {"a read of 4 bytes of shared memory at offset -", "the block has 128 bytes"}, cudaErrorIllegalAddress, BOTH(before_shared_memory, 1, 32)},
    {"dynamic_shared_memory", {"a write of 4 bytes of shared memory at offset ", "the block has 128 bytes"}, cudaErrorIllegalAddress, with_32_floats<true>, with_32_floats<false>},
    {"generic_pointer", {"a read of 4 bytes of shared memory at offset 128", "the block has 128 bytes", "thread (31,0,0)"}, cudaErrorIllegalAddress, BOTH(generic_pointer, 1, 32)},
    {"local_array", {"a read of 4 bytes of local memory", "in no array of this thread", "has 64 bytes"}, cudaErrorIllegalAddress, BOTH(local_array, 1, 32)},
    {"freed_memory", {"a write of 4 bytes of global memory", "bytes into an allocation of 4096 bytes that was freed"}, cudaErrorIllegalAddress, freed_memory<true>, freed_memory<false>},
};

}  // namespace

std::span<const BugCase> bounds_cases() { return kCases; }

cudaError_t start_with_shared(const BugData& data, std::size_t bytes, bool is_asked_for) {
  if (is_asked_for) {
    const cudaError_t refusal = cudaFuncSetAttribute(dynamic_shared_memory<false>, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
    if (refusal != cudaSuccess) return refusal;
  }
  dynamic_shared_memory<false><<<1, 32, bytes>>>(data.floats);
  return cudaGetLastError();
}

}  // namespace skewbench::cuda_on_cpu
