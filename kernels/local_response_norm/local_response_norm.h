// Local response normalisation (Krizhevsky et al., NeurIPS 2012) in the two forms of Caffe's LRN layer, NHWC:
//
//   y = x * scale^-beta
//   across_channels: scale = 1 + alpha / size * sum of x^2 over `size` neighbouring channels (fewer at the ends)
//   within_channel:  scale = 1 + alpha / size^2 * sum of x^2 over a size x size window of the channel, zeros outside
//
// Source: BVLC/caffe, src/caffe/layers/lrn_layer.cpp; within a channel it averages with pooling of stride 1 and padding
// (size - 1) / 2, whose divisor counts the padding (pooling_layer.cpp), so it is size^2 at the border too.
#pragma once

#include <cstdint>

namespace skewbench::local_response_norm {

enum class Form { across_channels, within_channel };

struct Problem {
  int64_t h = 0, w = 0, c = 0;  ///< one sample is [h, w, c]
  int64_t size = 3;             ///< odd
  float alpha = 5e-5f, beta = 0.75f;
  Form form = Form::across_channels;  // Caffe's default
};

/// Throws unless extents are positive and size is odd and positive.
void check(const Problem& problem);

/// x, y, scale [n, h, w, c]; scale is kept for the backward pass. y must not overlap x. T is float or double.
template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, T* y, T* scale);

/// dx = dy * scale^-beta - 2 beta * a * x * sum over the window of (dy * y / scale), a = alpha / size or alpha / size^2.
/// x, y, scale are those of the forward pass. dx must not overlap the others.
template <class T>
void backward_ref(const Problem& problem, int64_t n, const T* x, const T* y, const T* scale, const T* dy, T* dx);

/// Production: vectorised over the row; scale^-0.75 by square roots, any other beta by powf.
void forward_host(const Problem& problem, int64_t n, const float* x, float* y, float* scale);
void backward_host(const Problem& problem, int64_t n, const float* x, const float* y, const float* scale,
                   const float* dy, float* dx);

}  // namespace skewbench::local_response_norm
