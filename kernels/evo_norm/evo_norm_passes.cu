// The last step of the parameters' gradients.
//
// Mapping    a channel of dgamma or dbeta a thread, neighbours on neighbouring channels
// Traffic    8 n c bytes of partial sums once, 8 c bytes of gradients
// Numerics   sums over the samples in their order, starting from what is accumulated to, so that a batch in two halves gives
//            the same bits as the whole
#include "kernels/evo_norm/evo_norm_device.cuh"

namespace skewbench::evo_norm {
namespace {

__global__ void __launch_bounds__(kMostThreads) evo_norm_sum_over_samples_kernel(Backward a, const float* partial) {
  const int64_t c = a.problem.c, i = int64_t{blockIdx.x} * kMostThreads + threadIdx.x;  // channels of dgamma, then those of dbeta
  if (i >= 2 * c) return;
  float* const to = i < c ? a.dgamma + i : a.dbeta + (i - c);
  const float* const from = i < c ? partial + i : partial + a.n * c + (i - c);
  __builtin_assume(a.n > 0);  // the loop need not ask before the first turn
  float sum = a.accumulate ? *to : 0.0f;
#pragma unroll 1
  for (int64_t sample = 0; sample < a.n; ++sample) sum += from[sample * c];
  *to = sum;
}

}  // namespace

void sum_over_samples(const Backward& a, const float* partial, device::Stream stream) {
  evo_norm_sum_over_samples_kernel<<<static_cast<unsigned>(device::ceil_div(2 * a.problem.c, kMostThreads)), kMostThreads, 0, stream>>>(a, partial);
  CUDA_LAUNCHED(evo_norm_sum_over_samples_kernel);
}

}  // namespace skewbench::evo_norm
