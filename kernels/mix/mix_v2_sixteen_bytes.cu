// The weighted sum of several vectors, 16 bytes a thread.
//
// Idea       v1 with 16-byte accesses: four floats or two doubles of every input a thread, a quarter or half of the instructions
// Mapping    256 threads a block, thread = 16 bytes; one more takes what is left over, element by element
// Traffic    compulsory bytes; beyond 64 inputs the sum goes to memory and back once for every further 64
// Numerics   mix.h's order of operations: equal to the reference to the bit
// Limits     stride 1 and multiples of 16 bytes everywhere. The loop over the inputs is not unrolled: 2,048 threads of a
//            multiprocessor with one load each have 32 KiB under way, twice what 3.35 TB/s, 132 multiprocessors and a latency
//            of 600 ns (assumed) ask for
#include "kernels/mix/mix_launches.cuh"

namespace skewbench::mix::v2 {
namespace {

constexpr int kBlock = 256;

// 16 bytes of a vector.
template <class T>
struct Pack;
template <>
struct Pack<float> {
  static constexpr int kSize = 4;
  __device__ static Pack all(float value) { return {{value, value, value, value}}; }
  __device__ static Pack load(const float* from) { return {*reinterpret_cast<const float4*>(from)}; }
  __device__ void store(float* to) const { *reinterpret_cast<float4*>(to) = v; }
  __device__ void add(float w, Pack x) { v = {fmaf(w, x.v.x, v.x), fmaf(w, x.v.y, v.y), fmaf(w, x.v.z, v.z), fmaf(w, x.v.w, v.w)}; }
  float4 v;
};
template <>
struct Pack<double> {
  static constexpr int kSize = 2;
  __device__ static Pack all(double value) { return {{value, value}}; }
  __device__ static Pack load(const double* from) { return {*reinterpret_cast<const double2*>(from)}; }
  __device__ void store(double* to) const { *reinterpret_cast<double2*>(to) = v; }
  __device__ void add(double w, Pack x) { v = {fma(w, x.v.x, v.x), fma(w, x.v.y, v.y)}; }
  double2 v;
};
template <class T>
struct One {
  __device__ static One all(T value) { return {value}; }
  __device__ static One load(const T* from) { return {*from}; }
  __device__ void store(T* to) const { *to = v; }
  __device__ void add(T w, One x) { v = fma(w, x.v, v); }
  T v;
};

// The elements from i on that an Of holds.
template <class Of, class T>
__device__ void mix_at(const Group<T>& g, int64_t i) {
  const int input_count = g.input_count;
  __builtin_assume(input_count > 0);  // the loop need not ask before the first turn
  Of sum = g.so_far ? Of::load(g.so_far + i) : Of::all(kBefore);
#pragma unroll 1
  for (int k = 0; k < input_count; ++k) sum.add(g.inputs[k].weight, Of::load(g.inputs[k].data + i));
  sum.store(g.out + i);
}

template <class T>
__device__ void mix_pack(const Group<T>& g) {
  constexpr int kSize = Pack<T>::kSize;
  const int64_t pack = int64_t{blockIdx.x} * kBlock + threadIdx.x, i = pack * kSize;
  if (pack < g.count / kSize) {
    mix_at<Pack<T>>(g, i);
  } else if constexpr (kSize == 2) {
    if (i < g.count) mix_at<One<T>>(g, i);
  } else {
#pragma unroll 1
    for (int64_t element = i; element < g.count; ++element) mix_at<One<T>>(g, element);
  }
}

__global__ void mix_float_v2_kernel(const __grid_constant__ Group<float> g) { mix_pack(g); }
__global__ void mix_double_v2_kernel(const __grid_constant__ Group<double> g) { mix_pack(g); }

template <class T>
unsigned blocks(const Mix<T>& a) {
  return static_cast<unsigned>(device::ceil_div(a.count, kBlock * Pack<T>::kSize));
}

}  // namespace

void mix_float(const Mix<float>& a, void* workspace, device::Stream stream) {
  for_each_group(a, workspace, [&](const Group<float>& group) {
    mix_float_v2_kernel<<<blocks(a), kBlock, 0, stream>>>(group);
    CUDA_LAUNCHED(mix_float_v2_kernel);
  });
}

void mix_double(const Mix<double>& a, void* workspace, device::Stream stream) {
  for_each_group(a, workspace, [&](const Group<double>& group) {
    mix_double_v2_kernel<<<blocks(a), kBlock, 0, stream>>>(group);
    CUDA_LAUNCHED(mix_double_v2_kernel);
  });
}

}  // namespace skewbench::mix::v2
