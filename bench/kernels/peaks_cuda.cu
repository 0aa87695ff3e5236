// Three probes of a device: memory, fused multiply-adds, tensor cores. And a kernel that only takes time.
//
// Idea       what nothing can exceed: a triad that streams, and chains of operations on registers, several a thread, so that the
//            latency of one is hidden behind the others
// Mapping    256 threads a block, grids that fill every multiprocessor several times
// Traffic    triad: 12 bytes an element, 16 at once; the others write one number a thread
// Numerics   the results are not used, but written, so that nothing is left out
#include "bench/kernels/peaks.h"
#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"

namespace skewbench::bench_kernels {
namespace {

constexpr int kBlock = 256;
constexpr int kChains = 8;    // x latency 4: a scheduler has work from one warp alone
constexpr int kProducts = 4;  // independent accumulators a warp

__global__ void triad_peak_kernel(int64_t quads, const float4* a, const float4* b, float4* out) {
  const int64_t step = int64_t{gridDim.x} * kBlock;
  for (int64_t i = int64_t{blockIdx.x} * kBlock + threadIdx.x; i < quads; i += step) {
    const float4 p = a[i], q = b[i];
    out[i] = {fmaf(3, q.x, p.x), fmaf(3, q.y, p.y), fmaf(3, q.z, p.z), fmaf(3, q.w, p.w)};
  }
}

__global__ void fma_peak_kernel(float* out, int rounds) {
  float sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = static_cast<float>(threadIdx.x + i);
#pragma unroll 1
  for (int round = 0; round < rounds; round += 8)
#pragma unroll
    for (int inner = 0; inner < 8; ++inner)
#pragma unroll
      for (int i = 0; i < kChains; ++i) sums[i] = fmaf(sums[i], 0.999f, 0.001f);
  float sum = 0;
  for (int i = 0; i < kChains; ++i) sum += sums[i];
  out[blockIdx.x * kBlock + threadIdx.x] = sum;
}

__global__ void tensor_peak_kernel(float* out, int rounds) {
  float c[kProducts][4] = {};
  const unsigned a = 0x3F800000u + (threadIdx.x << 13), b = 0x3F000000u;  // tf32 has 10 bits behind the leading one
#pragma unroll 1
  for (int round = 0; round < rounds; ++round)
#pragma unroll
    for (int i = 0; i < kProducts; ++i)
      asm volatile(
          "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%4,%4,%4}, {%5,%5}, {%0,%1,%2,%3};"
          : "+f"(c[i][0]), "+f"(c[i][1]), "+f"(c[i][2]), "+f"(c[i][3])
          : "r"(a), "r"(b));
  float sum = 0;
  for (int i = 0; i < kProducts; ++i) sum += c[i][0] + c[i][1] + c[i][2] + c[i][3];
  out[blockIdx.x * kBlock + threadIdx.x] = sum;
}

/// One thread, whose next step needs the last.
__global__ void hold_kernel(uint32_t* out, int64_t rounds) {
  uint32_t value = 1;
#pragma unroll 1
  for (int64_t i = 0; i < rounds; ++i) value = value * 1664525u + 1013904223u;
  *out = value;
}

}  // namespace

void launch_triad(const float* a, const float* b, float* out, int64_t count, device::Stream stream) {
  const int64_t quads = count / 4;
  triad_peak_kernel<<<device::grid_stride_blocks(quads, kBlock), kBlock, 0, stream>>>(
      quads, reinterpret_cast<const float4*>(a), reinterpret_cast<const float4*>(b), reinterpret_cast<float4*>(out));
  CUDA_LAUNCHED(triad_peak_kernel);
}

double launch_fma(float* out, int blocks, int rounds, device::Stream stream) {
  fma_peak_kernel<<<static_cast<unsigned>(blocks), kBlock, 0, stream>>>(out, rounds);
  CUDA_LAUNCHED(fma_peak_kernel);
  return 2.0 * kChains * rounds * kBlock * blocks;
}

double launch_tensor(float* out, int blocks, int rounds, device::Stream stream) {
  constexpr double kFlops = 2.0 * 16 * 8 * 8;  // of one product
  tensor_peak_kernel<<<static_cast<unsigned>(blocks), kBlock, 0, stream>>>(out, rounds);
  CUDA_LAUNCHED(tensor_peak_kernel);
  return kFlops * kProducts * rounds * (kBlock / device::kWarp) * blocks;
}

void launch_hold(uint32_t* out, int64_t rounds, device::Stream stream) {
  hold_kernel<<<1, 1, 0, stream>>>(out, rounds);
  CUDA_LAUNCHED(hold_kernel);
}

}  // namespace skewbench::bench_kernels
