// Group normalisation (Wu and He, "Group Normalization", ECCV 2018), optionally with the residual addition and the ReLU
// that follow it in a network.
//
//   y = [relu]( gamma[c] * (x - mean[n,g]) * rstd[n,g] + beta[c] [+ residual] )
//
// Mean and biased variance are taken per sample and group of c / groups consecutive channels; rstd = 1 / sqrt(var + eps).
// Two passes over x (sum, then centred squares): a mean that is large against the spread costs no accuracy.
#pragma once

#include <cstdint>

namespace skewbench::group_norm {

/// One sample is [pixels, c] (NHWC with pixels = h * w).
struct Problem {
  int64_t pixels = 0, c = 0, groups = 1;  ///< c divisible by groups
  float eps = 1e-5f;
  bool affine = true;  ///< gamma and beta are there; without, they are 1 and 0 and the pointers are ignored
  bool relu = false;   ///< ReLU at the end
  bool add = false;    ///< a residual is added before it
};

/// Throws unless sizes are positive, c % groups == 0 and eps > 0.
void check(const Problem& problem);

/// x, y, residual [n, pixels, c]; gamma, beta [c]; mean, rstd [n, groups], kept for the backward pass.
/// y may be x or residual. T is float or double.
template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, const T* gamma, const T* beta, const T* residual, T* y,
                 T* mean, T* rstd);

/// Gradients of a loss with dy = dloss/dy [n, pixels, c]. With g = dy where y > 0 (all of dy without ReLU):
///   dresidual = g;  dbeta[c] = sum g;  dgamma[c] = sum g * xhat;
///   dx = rstd * (gamma g - mean(gamma g) - xhat * mean(gamma g xhat)), means over the sample's group.
/// x and y are those of the forward pass; y is read only with relu, dresidual written only with add (null: not wanted),
/// dgamma and dbeta only with affine (both or neither may be null). accumulate adds to dgamma and dbeta, in the order of the
/// samples, instead of overwriting them; dx and dresidual are always overwritten. dx or dresidual may be dy.
template <class T>
void backward_ref(const Problem& problem, int64_t n, const T* x, const T* y, const T* dy, const T* gamma, const T* mean,
                  const T* rstd, T* dx, T* dresidual, T* dgamma, T* dbeta, bool accumulate);

/// Production: vectorised over channels, one sample at a time so that it stays in the cache between the passes.
void forward_host(const Problem& problem, int64_t n, const float* x, const float* gamma, const float* beta,
                  const float* residual, float* y, float* mean, float* rstd);
void backward_host(const Problem& problem, int64_t n, const float* x, const float* y, const float* dy,
                   const float* gamma, const float* mean, const float* rstd, float* dx, float* dresidual, float* dgamma,
                   float* dbeta, bool accumulate);

}  // namespace skewbench::group_norm
