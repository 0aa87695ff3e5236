// The weighted sum of several vectors, one element a thread.
//
// Idea       all inputs in one pass: the sum stays in a register while they are added, so out is written once
// Mapping    256 threads a block, thread = element; the inputs' addresses, strides and weights are kernel parameters
// Traffic    compulsory bytes at stride 1, 4 or 8 an access; a stride of s reads s times the sectors. Beyond 64 inputs the sum goes
//            to memory and back once for every further 64
// Numerics   mix.h's order of operations: equal to the reference to the bit
// Limits     any strides, any alignment, any number of inputs; loses to v2 at stride 1
#include "kernels/mix/mix_launches.cuh"

namespace skewbench::mix::v1 {
namespace {

constexpr int kBlock = 256;

__device__ float fused(float w, float x, float sum) { return fmaf(w, x, sum); }
__device__ double fused(double w, double x, double sum) { return fma(w, x, sum); }

template <class T>
__device__ void mix_element(const Group<T>& g) {
  const int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (i >= g.count) return;
  const auto x = [&](int k) { return g.inputs[k].data[i * g.inputs[k].stride]; };
  const int input_count = g.input_count;
  __builtin_assume(input_count > 0);  // the loop need not ask before the first turn
  T sum = g.so_far ? g.so_far[i] : T(kBefore);
  for (int k = 0; k < input_count; ++k) sum = fused(g.inputs[k].weight, x(k), sum);
  g.out[i * g.out_stride] = sum;
}

__global__ void mix_float_v1_kernel(const __grid_constant__ Group<float> g) { mix_element(g); }
__global__ void mix_double_v1_kernel(const __grid_constant__ Group<double> g) { mix_element(g); }

unsigned blocks(int64_t count) { return static_cast<unsigned>(device::ceil_div(count, kBlock)); }

}  // namespace

void mix_float(const Mix<float>& a, void* workspace, device::Stream stream) {
  for_each_group(a, workspace, [&](const Group<float>& group) {
    mix_float_v1_kernel<<<blocks(a.count), kBlock, 0, stream>>>(group);
    CUDA_LAUNCHED(mix_float_v1_kernel);
  });
}

void mix_double(const Mix<double>& a, void* workspace, device::Stream stream) {
  for_each_group(a, workspace, [&](const Group<double>& group) {
    mix_double_v1_kernel<<<blocks(a.count), kBlock, 0, stream>>>(group);
    CUDA_LAUNCHED(mix_double_v1_kernel);
  });
}

}  // namespace skewbench::mix::v1
