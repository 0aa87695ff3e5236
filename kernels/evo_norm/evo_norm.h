// EvoNorm-S0 (Liu, Brock, Simonyan and Le, "Evolving Normalization-Activation Layers", NeurIPS 2020): a layer that is activation
// and normalisation in one.
//
//   y = x * sigmoid(x) * rstd[n,g] * gamma[c] + beta[c],   rstd = 1 / sqrt(var + eps)
//
// var is the variance of x, about its mean, over a sample and a group of c / groups consecutive channels, with the divisor
// size - 1. So it is coded in epfml/quasi-global-momentum (v1, the factor of x inside the sigmoid, fixed to 1; 32 groups, or
// as many as there are channels; eps 1e-5). Other code differs: the TensorFlow form has the divisor size and learns v1 for
// each channel, and which of the two divisors the authors' own runs had is not known to us.
#pragma once

#include <cstdint>

namespace skewbench::evo_norm {

/// 32, or the channels where there are fewer.
constexpr int64_t default_groups(int64_t c) { return c < 32 ? c : 32; }

/// One sample is [pixels, c] (NHWC with pixels = h * w).
struct Problem {
  int64_t pixels = 0, c = 0, groups = 1;  ///< c divisible by groups
  float eps = 1e-5f;
  int64_t group_size() const { return pixels * (c / groups); }
};

/// Throws unless sizes are positive, c % groups == 0, a group has two elements at least, and eps > 0.
void check(const Problem& problem);

/// x, y [n, pixels, c]; gamma, beta [c]; mean, rstd [n, groups], kept for the backward pass, which reads x, too: y must not
/// overlap it. T is float or double.
template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, const T* gamma, const T* beta, T* y, T* mean, T* rstd);

/// Gradients of a loss with dy = dloss/dy [n, pixels, c]. With s = x * sigmoid(x):
///   dbeta[c] = sum dy;  dgamma[c] = sum dy * s * rstd;
///   dx = dy * gamma * rstd * s'(x) - (x - mean) * rstd^3 / (size - 1) * sum over the group of dy * gamma * s
/// x, mean, rstd are those of the forward pass. accumulate adds to dgamma and dbeta, in the order of the samples, instead of
/// overwriting them; both may be null: not wanted. dx may be dy.
template <class T>
void backward_ref(const Problem& problem, int64_t n, const T* x, const T* dy, const T* gamma, const T* mean, const T* rstd, T* dx,
                  T* dgamma, T* dbeta, bool accumulate);

/// Production: vectorised over channels, one sample at a time so that it stays in the cache between the passes.
void forward_host(const Problem& problem, int64_t n, const float* x, const float* gamma, const float* beta, float* y, float* mean,
                  float* rstd);
void backward_host(const Problem& problem, int64_t n, const float* x, const float* dy, const float* gamma, const float* mean,
                   const float* rstd, float* dx, float* dgamma, float* dbeta, bool accumulate);

}  // namespace skewbench::evo_norm
