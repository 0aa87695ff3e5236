// EvoNorm-S0 that reads x once.
//
// Idea       v2 with the slab kept in shared memory: the first walk loads it, the others cost no traffic. A thread reads back only
//            what it stored, so the data needs no barrier
// Mapping    as v2; item e of the slab lies at e, so a warp's accesses are side by side and free of bank conflicts
// Traffic    forward: x once, y once (8 bytes an element: the minimum); backward: x and dy once, dx once (12: the minimum)
// Numerics   equal to v2 to the bit
// Limits     as v2, and a slab of at most 88 KiB (backward: x and dy together): a ResNet-20's on 32x32 pixels is 16 KiB, that of
//            56x56 pixels at four channels 49 KiB forward and too large backward
#include "kernels/evo_norm/evo_norm_slab.cuh"

namespace skewbench::evo_norm::v3 {
namespace {

// Fills this thread's slots from an array [n, pixels, c].
__device__ void keep(float4* slots, const float* from, const Slab& slab, const Place& at) {
  for_items(slab, [&](int e) { slots[e] = *reinterpret_cast<const float4*>(from + at.offset(slab, e)); });
}

__device__ Pack<4> in(const float4* slots, int e) { return device::load<4>(&slots[e].x); }

__global__ void __launch_bounds__(kMostThreads) evo_norm_forward_v3_kernel(Forward a, Slab slab) {
  extern __shared__ float4 x[];
  const Place at(slab);
  keep(x, a.x, slab, at);
  forward_slab(a, slab, at, [&](int e) { return in(x, e); });
}

__global__ void __launch_bounds__(kMostThreads) evo_norm_backward_v3_kernel(Backward a, Slab slab, float* partial) {
  extern __shared__ float4 x[];  // then dy
  float4* const dy = x + slab.items;
  const Place at(slab);
  keep(x, a.x, slab, at);
  keep(dy, a.dy, slab, at);
  backward_slab(a, slab, at, partial, [&](int e) { return in(x, e); }, [&](int e) { return in(dy, e); });
}

int bytes(const Slab& slab, int arrays) { return slab.items * arrays * static_cast<int>(sizeof(float4)); }

template <class Kernel>
void allow_shared_memory(Kernel kernel) {
  CUDA_CALL(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMostSharedBytes));
}

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  const Slab slab(a.problem);
  allow_shared_memory(evo_norm_forward_v3_kernel);
  evo_norm_forward_v3_kernel<<<slab.blocks(a.n), slab.threads(), bytes(slab, 1), stream>>>(a, slab);
  CUDA_LAUNCHED(evo_norm_forward_v3_kernel);
}

void backward(const Backward& a, void* workspace, device::Stream stream) {
  const Slab slab(a.problem);
  float* const partial = a.dgamma ? static_cast<float*>(workspace) : nullptr;
  allow_shared_memory(evo_norm_backward_v3_kernel);
  evo_norm_backward_v3_kernel<<<slab.blocks(a.n), slab.threads(), bytes(slab, 2), stream>>>(a, slab, partial);
  CUDA_LAUNCHED(evo_norm_backward_v3_kernel);
  if (partial) sum_over_samples(a, partial, stream);
}

}  // namespace skewbench::evo_norm::v3
