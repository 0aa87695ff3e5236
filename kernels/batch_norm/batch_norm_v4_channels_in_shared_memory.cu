// Batch norm that reads x once.
//
// Idea       a block has four channels and all of their rows, copied into shared memory by cp.async, all of them in flight at once
//            and without a register; then two passes cost no traffic. One launch, no scratch memory, nothing to merge
// Mapping    256 threads over the rows, 16 bytes a row. In global memory they are c floats apart, half of a 32-byte sector each: the
//            other half is fetched by the neighbouring block and found in the second-level cache. Eight channels a block would use
//            whole sectors, but halve the blocks and the rows that fit
// Traffic    forward: x once and y once (8 bytes an element: the minimum) in device memory, 12 between the caches; backward: x and g
//            once, dx once (12: the minimum). A residual, a ReLU and their gradients are passes of their own, as in v1
// Numerics   two passes as v1: the mean, then the squares of the deviations from it, by threads, warps, and the block. Deterministic
// Limits     c a multiple of 4, all arrays 16-byte aligned, y not the residual; up to 6144 rows (backward: 3072): 7x7 images
//            in batches of 125, or 8x8 in 96. c / 4 blocks: expected to win on small images with many channels, where launches are
//            what costs, and to lose to v3 where few channels leave most SMs idle
#include <cuda_pipeline_primitives.h>

#include "kernels/batch_norm/batch_norm_device.cuh"

namespace skewbench::batch_norm::v4 {
namespace {

// Starts copying the rows of this thread, and waits for all that it started. A thread reads back only what it copied itself, so
// that the data needs no barrier.
__device__ void start_copying(float4* to, const float* from, int64_t rows, int64_t c) {
#pragma unroll 1
  for (int64_t r = threadIdx.x; r < rows; r += kBlock) __pipeline_memcpy_async(&to[r], from + r * c, sizeof(float4));
}
__device__ void wait_for_copies() {
  __pipeline_commit();
  __pipeline_wait_prior(0);
}

// visit(row) for the rows of this thread
template <class Visit>
__device__ void for_rows(int64_t rows, Visit visit) {
#pragma unroll 1
  for (int64_t r = threadIdx.x; r < rows; r += kBlock) visit(r);
}
__device__ Pack<4> in_row(const float4* rows, int64_t r) { return device::load<4>(&rows[r].x); }

// The sums over the rows of term(x[row]), in thread 0.
template <class Term>
__device__ Sums<4> sum_over_rows(const float4* x, int64_t rows, Sums<4>* slots, Term term) {
  Sums<4> sums{};
  for_rows(rows, [&](int64_t r) {
    const Pack<4> value = term(in_row(x, r));
    sums.merge({value.of[0], value.of[1], value.of[2], value.of[3]});
  });
  device::reduce_whole_block(sums, slots);
  return sums;
}

__global__ void __launch_bounds__(kBlock) batch_norm_forward_training_v4_kernel(ForwardTraining a, float eps) {
  extern __shared__ float4 x[];  // [rows]
  __shared__ Sums<4> slots[kMostWarps];
  __shared__ Pack<4> shared_mean;
  __shared__ ScaleShift<4> shared;
  const int64_t channel = int64_t{blockIdx.x} * 4, c = a.problem.c;
  start_copying(x, a.x + channel, a.rows, c);
  const Pack<4> pivot = device::load<4>(a.x + channel);
  const float rows = static_cast<float>(a.rows);
  wait_for_copies();

  const Sums<4> sum = sum_over_rows(x, a.rows, slots, [&](const Pack<4>& value) { return difference(value, pivot); });
  if (threadIdx.x == 0)
    for (int i = 0; i < 4; ++i) shared_mean.of[i] = sum.of[i] / rows;
  __syncthreads();  // the means are there, and the slots are read
  const Pack<4> mean = shared_mean;
  const Sums<4> square = sum_over_rows(x, a.rows, slots, [&](const Pack<4>& value) {
    const Pack<4> deviation = difference(difference(value, pivot), mean);
    return product(deviation, deviation);
  });
  if (threadIdx.x == 0)
    for (int i = 0; i < 4; ++i) {
      const float variance = square.of[i] / rows;
      const auto result = scale_shift_from(pivot.of[i], mean.of[i], variance, eps, a.gamma[channel + i], a.beta[channel + i]);
      a.mean[channel + i] = shared.centre.of[i] = result.centre.of[0];
      a.variance[channel + i] = variance;
      shared.scale.of[i] = result.scale.of[0];
      shared.shift.of[i] = result.shift.of[0];
    }
  __syncthreads();  // the coefficients are there
  const ScaleShift<4> normalise = shared;
  for_rows(a.rows, [&](int64_t r) { device::store(a.y + r * c + channel, normalise(in_row(x, r))); });
}

// g: the gradient behind the ReLU; it may lie in dx.
__global__ void __launch_bounds__(kBlock) batch_norm_backward_training_v4_kernel(Backward a, float eps, const float* g) {
  extern __shared__ float4 x[];  // [rows], then g
  __shared__ Sums<8> slots[kMostWarps];
  __shared__ Pack<4> factor, slope, shift;
  float4* const of_g = x + a.rows;
  const int64_t channel = int64_t{blockIdx.x} * 4, c = a.problem.c;
  start_copying(x, a.x + channel, a.rows, c);
  start_copying(of_g, g + channel, a.rows, c);
  const Pack<4> mean = device::load<4>(a.mean + channel);
  wait_for_copies();

  Sums<8> sums{};
  for_rows(a.rows, [&](int64_t r) { add_gradient(sums, in_row(of_g, r), in_row(x, r), mean); });
  device::reduce_whole_block(sums, slots);
  if (threadIdx.x == 0)
    for (int i = 0; i < 4; ++i) {
      const ChannelGradient of_channel = channel_gradient(a, eps, channel + i, {sums.of[i], sums.of[4 + i]});
      factor.of[i] = of_channel.factor;
      slope.of[i] = of_channel.slope;
      shift.of[i] = of_channel.shift;
    }
  __syncthreads();  // the coefficients are there
  const InputGradient<4> gradient{mean, factor, slope, shift};
  for_rows(a.rows, [&](int64_t r) { device::store(a.dx + r * c + channel, gradient(in_row(x, r), in_row(of_g, r))); });
}

template <class Kernel>
void allow_shared_memory(Kernel kernel) {
  CUDA_CALL(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMostSharedBytes));
}
unsigned shared_bytes(int64_t rows, int arrays) { return static_cast<unsigned>(rows * arrays * sizeof(float4)); }

}  // namespace

void forward_training(const ForwardTraining& a, void*, device::Stream stream) {
  const auto blocks = static_cast<unsigned>(a.problem.c / 4);
  allow_shared_memory(batch_norm_forward_training_v4_kernel);
  batch_norm_forward_training_v4_kernel<<<blocks, kBlock, shared_bytes(a.rows, 1), stream>>>(a, static_cast<float>(a.problem.eps));
  CUDA_LAUNCHED(batch_norm_forward_training_v4_kernel);
  add_and_relu(a.rows * a.problem.c, a.y, a.residual, a.problem.relu, stream);
}

void backward_training(const Backward& a, void*, device::Stream stream) {
  const auto blocks = static_cast<unsigned>(a.problem.c / 4);
  const float* const g = passed_gradient(a, stream);
  allow_shared_memory(batch_norm_backward_training_v4_kernel);
  batch_norm_backward_training_v4_kernel<<<blocks, kBlock, shared_bytes(a.rows, 2), stream>>>(a, static_cast<float>(a.problem.eps), g);
  CUDA_LAUNCHED(batch_norm_backward_training_v4_kernel);
}

}  // namespace skewbench::batch_norm::v4
