// EvoNorm-S0 in the order of the reference: a block per sample and group.
//
// Idea       two passes for the variance (mean, then squared deviations), a third for y; backward one for the sums, one for dx
// Mapping    up to 256 threads over a group's [pixels, k] elements in memory order, k = c / groups. A warp covers runs of k floats that
//            are c floats apart: at one channel a group, as a ResNet-20 has it, 4 bytes of every 32-byte sector
// Traffic    forward: x three times and y once (16 bytes an element, the minimum is 8); backward: x and dy twice, dx once (20, the
//            minimum is 12); blocks of neighbouring groups read the rest of a sector, from the second-level cache
// Numerics   float, relative to the group's first element, so that a mean which dwarfs the spread costs nothing; sums by threads,
//            warps and the block. Deterministic
// Limits     groups of 2^30 elements; loses to v2 by its narrow accesses
#include "kernels/evo_norm/evo_norm_device.cuh"

namespace skewbench::evo_norm::v1 {
namespace {

// A block's group: `size` elements of k channels.
struct Group {
  explicit Group(const Problem& problem)
      : k(static_cast<int>(problem.c / problem.groups)),
        pixels(static_cast<int>(problem.pixels)),
        size(static_cast<int>(problem.group_size())),
        groups(static_cast<unsigned>(problem.groups)),
        c(problem.c),
        eps(problem.eps) {}
  int threads() const { return threads_for(size); }
  __device__ int64_t sample() const { return blockIdx.x / groups; }
  __device__ int64_t channel() const { return int64_t{blockIdx.x % groups} * k; }  // the first
  __device__ int64_t base() const { return sample() * pixels * c + channel(); }
  __device__ float freedom() const { return static_cast<float>(size - 1); }

  // visit(offset, channel) for this thread's elements
  template <class Visit>
  __device__ void for_elements(Visit visit) const {
#pragma unroll 1
    for (int e = static_cast<int>(threadIdx.x); e < size; e += static_cast<int>(blockDim.x)) visit(base() + e / k * c + e % k, channel() + e % k);
  }

  int k, pixels, size;
  unsigned groups;
  int64_t c;
  float eps;
};

__global__ void __launch_bounds__(kMostThreads) evo_norm_forward_v1_kernel(Forward a, Group group) {
  __shared__ Sums<1> slots[kMostWarps];
  __shared__ float shared_mean, shared_rstd;
  const float pivot = a.x[group.base()];
  Sums<1> sum{};
  group.for_elements([&](int64_t at, int64_t) { sum.of[0] += a.x[at] - pivot; });
  device::reduce_block(sum, slots);
  if (threadIdx.x == 0) shared_mean = sum.of[0] / static_cast<float>(group.size);
  __syncthreads();  // the mean is there, and the slots are read

  const float mean = shared_mean;
  Sums<1> squares{};
  group.for_elements([&](int64_t at, int64_t) {
    const float deviation = (a.x[at] - pivot) - mean;
    squares.of[0] = fmaf(deviation, deviation, squares.of[0]);
  });
  device::reduce_block(squares, slots);
  if (threadIdx.x == 0) {
    shared_rstd = rstd_of(squares.of[0], group.freedom(), group.eps);
    a.mean[blockIdx.x] = pivot + mean;
    a.rstd[blockIdx.x] = shared_rstd;
  }
  __syncthreads();  // rstd is there

  const float rstd = shared_rstd;
  group.for_elements([&](int64_t at, int64_t channel) { a.y[at] = fmaf(activation(a.x[at]), a.gamma[channel] * rstd, a.beta[channel]); });
}

// partial: [2, n, c], or null.
__global__ void __launch_bounds__(kMostThreads) evo_norm_backward_v1_kernel(Backward a, Group group, float* partial) {
  __shared__ Sums<2> slots[kMostWarps];
  __shared__ float shared_slope;
  const float mean = a.mean[blockIdx.x], rstd = a.rstd[blockIdx.x];
  __builtin_assume(group.k > 0);  // the loop need not ask before the first turn
  float sum = 0;                  // of dy * gamma * s over the group, in thread 0
  for (int j = 0; j < group.k; ++j) {
    Sums<2> sums{};
    const int64_t channel = group.channel() + j;
#pragma unroll 1
    for (int p = static_cast<int>(threadIdx.x); p < group.pixels; p += static_cast<int>(blockDim.x)) {
      const int64_t at = group.base() + p * group.c + j;
      sums.merge({a.dy[at] * activation(a.x[at]), a.dy[at]});
    }
    device::reduce_block(sums, slots);
    if (threadIdx.x == 0) {
      sum = fmaf(a.gamma[channel], sums.of[0], sum);
      if (partial) {
        float* const to = partial + group.sample() * group.c + channel;
        to[0] = sums.of[0] * rstd;
        to[a.n * group.c] = sums.of[1];
      }
    }
    __syncthreads();  // the slots are read, before the next channel's sums are written there
  }
  if (threadIdx.x == 0) shared_slope = slope_of(rstd, group.freedom(), sum);
  __syncthreads();  // the slope is there

  const float slope = shared_slope;
  group.for_elements([&](int64_t at, int64_t channel) {
    const float x = a.x[at];
    a.dx[at] = fmaf(a.dy[at] * (a.gamma[channel] * rstd), slope_of_activation(x), -((x - mean) * slope));
  });
}

unsigned blocks(const Problem& problem, int64_t n) { return static_cast<unsigned>(n * problem.groups); }

}  // namespace

void forward(const Forward& a, void*, device::Stream stream) {
  const Group group(a.problem);
  evo_norm_forward_v1_kernel<<<blocks(a.problem, a.n), group.threads(), 0, stream>>>(a, group);
  CUDA_LAUNCHED(evo_norm_forward_v1_kernel);
}

void backward(const Backward& a, void* workspace, device::Stream stream) {
  const Group group(a.problem);
  float* const partial = a.dgamma ? static_cast<float*>(workspace) : nullptr;
  evo_norm_backward_v1_kernel<<<blocks(a.problem, a.n), group.threads(), 0, stream>>>(a, group, partial);
  CUDA_LAUNCHED(evo_norm_backward_v1_kernel);
  if (partial) sum_over_samples(a, partial, stream);
}

}  // namespace skewbench::evo_norm::v1
