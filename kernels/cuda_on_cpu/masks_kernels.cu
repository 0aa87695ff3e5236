// Masks of warp operations that name the wrong lanes.
#include "kernels/cuda_on_cpu/synchronisation_kernels.h"

namespace skewbench::cuda_on_cpu {
namespace {

template <bool kBug>
__global__ void names_a_lane_that_has_returned(float* data) {
  if (threadIdx.x >= 20) return;
  data[threadIdx.x] = __shfl_sync(kBug ? ~0u : 0xFFFFFu, data[threadIdx.x], 0);
}

// The lane returns while the others wait for it already, or after they did.
template <bool kBug>
__global__ void a_lane_returns_early(float* data) {
  if (kBug && threadIdx.x == 7) return;
  __syncwarp();
  data[threadIdx.x] = 1;
}

template <bool kBug>
__global__ void leaves_out_the_caller(float* data) {
  if (threadIdx.x < 8) __syncwarp(kBug ? 0xFEu : 0xFFu);
  data[threadIdx.x] = 1;
}

template <bool kBug>
__global__ void different_masks(float* data) {
  data[threadIdx.x] = static_cast<float>(__ballot_sync(kBug && threadIdx.x >= 4 ? 0xFFFFFFFEu : ~0u, 1));
}

template <bool kBug>
__global__ void reads_a_lane_outside(float* data) {
  if (threadIdx.x < 16) data[threadIdx.x] = __shfl_sync(0xFFFFu, data[threadIdx.x], kBug ? 16 : 15);
}

// Some lanes have an operation of their own while the others wait: no bug.
template <bool kBug>
__global__ void one_after_the_other(float* data) {
  float value = data[threadIdx.x];
  if (threadIdx.x == 3 || threadIdx.x == 4) value = __shfl_xor_sync(kBug ? 0x38u : 0x18u, value, 7);
  data[threadIdx.x] = value + __shfl_xor_sync(~0u, value, 1);
}

// 40 threads: the second warp has eight lanes, and a full mask means these.
__global__ void partial_warp(float* data) {
  const unsigned t = threadIdx.x;
  float* const out = data + 64 * t;
  out[0] = static_cast<float>(__all_sync(~0u, 1));
  out[1] = static_cast<float>(__any_sync(~0u, t == 35));
  out[2] = static_cast<float>(__ballot_sync(~0u, t % 2));
  out[3] = static_cast<float>(__reduce_add_sync(~0u, 1u));
  out[4] = static_cast<float>(__reduce_min_sync(~0u, t));
  out[5] = static_cast<float>(__popc(__match_any_sync(~0u, t % 2)));
  int is_same = 0;
  out[6] = static_cast<float>(__popc(__match_all_sync(~0u, 7, &is_same)));
  out[7] = static_cast<float>(is_same);
  out[8] = static_cast<float>(__popc(__activemask()));
  out[9] = __shfl_down_sync(~0u, static_cast<float>(t), 1, 8);
  __syncwarp();
}

#define BOTH(kernel, blocks, threads) start<kernel<true>, blocks, threads>, start<kernel<false>, blocks, threads>
const BugCase kCases[] = {
    {"names_a_lane_that_has_returned", {"the mask 0xffffffff of a warp operation names lane ", "which has returned", "masks_kernels.cu:"}, cudaErrorLaunchFailure,
     BOTH(names_a_lane_that_has_returned, 1, 32)},
    {"a_lane_returns_early", {"the mask 0xffffffff of a warp operation names lane 7, which has returned"}, cudaErrorLaunchFailure, BOTH(a_lane_returns_early, 1, 32)},
    {"leaves_out_the_caller", {"the mask 0x000000fe of a warp operation leaves out the lane that executes it", "lane 0"}, cudaErrorLaunchFailure, BOTH(leaves_out_the_caller, 1, 32)},
    {"different_masks", {"lanes of a warp name different masks: this one 0xffffff", "0xfffffffe", "0xffffffff"}, cudaErrorLaunchFailure, BOTH(different_masks, 1, 32)},
    {"reads_a_lane_outside", {"a shuffle reads lane 16, which the mask 0x0000ffff leaves out"}, cudaErrorLaunchFailure, BOTH(reads_a_lane_outside, 1, 32)},
    {"one_after_the_other", {"0x00000038"}, cudaErrorLaunchFailure, BOTH(one_after_the_other, 1, 32)},
};

}  // namespace

std::span<const BugCase> mask_cases() { return kCases; }
void start_partial_warp(const BugData& data) { partial_warp<<<1, 40>>>(data.floats); }

}  // namespace skewbench::cuda_on_cpu
