// EvoNorm-S0 with 16-byte accesses.
//
// Idea       a block has four neighbouring channels, or a group where that is more, of one sample: with groups of one or two
//            channels it carries four or two groups at once, so that every access is 16 bytes whatever the group
// Mapping    up to 256 threads over [pixels, quads of the slab] in memory order; all quads of a thread have the same four channels
// Traffic    as v1 (16 and 20 bytes an element), in a quarter of the requests and with at least half of every sector used
// Numerics   as v1, sums per channel first, then over the channels of a group. Deterministic
// Limits     c a multiple of 4, c / groups a power of two up to 128, arrays at multiples of 16 bytes; a slab of any number of pixels.
//            Loses to v3 where that takes the problem
#include "kernels/evo_norm/evo_norm_slab.cuh"

namespace skewbench::evo_norm::v2 {
namespace {

__global__ void __launch_bounds__(kMostThreads) evo_norm_forward_v2_kernel(Forward a, Slab slab) {
  const Place at(slab);
  forward_slab(a, slab, at, [&](int e) { return device::load<4>(a.x + at.offset(slab, e)); });
}

__global__ void __launch_bounds__(kMostThreads) evo_norm_backward_v2_kernel(Backward a, Slab slab, float* partial) {
  const Place at(slab);
  backward_slab(
      a, slab, at, partial, [&](int e) { return device::load<4>(a.x + at.offset(slab, e)); },
      [&](int e) { return device::load<4>(a.dy + at.offset(slab, e)); });
}

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  const Slab slab(a.problem);
  evo_norm_forward_v2_kernel<<<slab.blocks(a.n), slab.threads(), 0, stream>>>(a, slab);
  CUDA_LAUNCHED(evo_norm_forward_v2_kernel);
}

void backward(const Backward& a, void* workspace, device::Stream stream) {
  const Slab slab(a.problem);
  float* const partial = a.dgamma ? static_cast<float*>(workspace) : nullptr;
  evo_norm_backward_v2_kernel<<<slab.blocks(a.n), slab.threads(), 0, stream>>>(a, slab, partial);
  CUDA_LAUNCHED(evo_norm_backward_v2_kernel);
  if (partial) sum_over_samples(a, partial, stream);
}

}  // namespace skewbench::evo_norm::v2
