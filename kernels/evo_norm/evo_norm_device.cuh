// What the EvoNorm kernels share on the device: the activation and what follows from a group's sums.
#pragma once

#include "kernels/base/cuda_check.h"
#include "kernels/base/launch.h"
#include "kernels/base/reduce.cuh"
#include "kernels/evo_norm/evo_norm_cuda.h"

namespace skewbench::evo_norm {

using device::kMostWarps;
using device::kWarp;
using device::Sums;

inline constexpr int kMostThreads = kMostWarps * kWarp;  // of a block

/// Whole warps, no more than have something to do.
inline int threads_for(int items) {
  return items < kMostThreads ? static_cast<int>(device::ceil_div(items, kWarp)) * kWarp : kMostThreads;
}

/// 1 / (1 + e^-x) by one exponential of the special function unit; its error is |x| roundings. Far below zero it is 0.
__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + exp2f(x * -1.44269504f)); }  // -log2(e)

__device__ inline float activation(float x) { return x * sigmoid(x); }

/// The activation's derivative.
__device__ inline float slope_of_activation(float x) {
  const float sigma = sigmoid(x);
  return sigma * fmaf(x, 1.0f - sigma, 1.0f);
}

__device__ inline float rstd_of(float squares, float freedom, float eps) { return 1.0f / sqrtf(squares / freedom + eps); }

/// Of (x - mean) in dx; sum: that of dy * gamma * s over the group.
__device__ inline float slope_of(float rstd, float freedom, float sum) { return rstd * rstd * rstd / freedom * sum; }

}  // namespace skewbench::evo_norm
