// Convolution of images with few channels (first layers), where a library that puts input channels into lanes has little
// to put there: forward and filter gradient with output channels in lanes.
#pragma once

#include "kernels/conv2d/conv2d.h"

namespace skewbench::conv2d::few_channels {

/// The rule by which Host takes this version: AVX-512, stride 1, c <= 4, k a multiple of 16 (whole registers).
bool takes(const Problem& problem);

/// KRSC -> RSCK, the filter layout of forward().
void lay_out_filter(const Problem& problem, const float* filter, float* rsck);

/// x [n,h,w,c] -> y [n,p,q,k]; bias [k] may be null; relu: max(y, 0).
void forward(const Problem& problem, int64_t n, const float* x, const float* rsck, const float* bias, bool relu, float* y);

/// x, dy -> dfilter [k,r,s,c] and dbias [k] (may be null), overwritten, or added to with accumulate.
void backward_filter(const Problem& problem, int64_t n, const float* x, const float* dy, float* dfilter, float* dbias,
                     bool accumulate);

}  // namespace skewbench::conv2d::few_channels
