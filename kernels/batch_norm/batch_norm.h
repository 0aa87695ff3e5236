// Batch normalisation over the rows of a [rows, c] array (NHWC: rows = n*h*w), float32 (Ioffe & Szegedy, 2015).
//
//   y = gamma * (x - mean) / sqrt(variance + eps) + beta, per channel; with relu, max of that and 0
//
// Training takes mean and (biased) variance of the batch itself, inference takes given ones. Keeping running statistics
// is the caller's business.
#pragma once

#include <cstdint>

namespace skewbench::batch_norm {

struct Problem {
  int64_t c;           ///< channels
  double eps = 1e-5;
  bool relu = false;   ///< fused into forward; backward then takes the zeros of y into account

  /// variance * unbiased_factor(rows) is the unbiased estimate, as frameworks keep it in running statistics. rows > 1.
  static double unbiased_factor(int64_t rows) { return double(rows) / double(rows - 1); }
  void validate(int64_t rows) const;  ///< throws Error unless c > 0, rows > 0 and eps is finite and positive
};

/// x, y [rows,c]; gamma, beta [c]; mean and variance [c] are written: the batch mean and the biased batch variance.
/// T = float or double, double accumulators.
template <class T>
void forward_training_ref(const Problem& problem, int64_t rows, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                          T* variance);

/// The same with given statistics, which are read.
template <class T>
void forward_inference_ref(const Problem& problem, int64_t rows, const T* x, const T* mean, const T* variance,
                           const T* gamma, const T* beta, T* y);

/// Gradient through forward_training. x, y and dy [rows,c]; mean and variance as forward_training wrote them; y is read
/// with relu only and may be null without. dx [rows,c], dgamma and dbeta [c] are overwritten; with accumulate, dgamma
/// and dbeta are added to.
template <class T>
void backward_training_ref(const Problem& problem, int64_t rows, const T* x, const T* y, const T* dy, const T* mean,
                           const T* variance, const T* gamma, T* dx, T* dgamma, T* dbeta, bool accumulate = false);

/// Gradient through forward_inference ("frozen" statistics: constants).
template <class T>
void backward_frozen_ref(const Problem& problem, int64_t rows, const T* x, const T* y, const T* dy, const T* mean,
                         const T* variance, const T* gamma, T* dx, T* dgamma, T* dbeta, bool accumulate = false);

/// The CPU production versions, on the calling thread; arguments as above. y may be x, and dx may be dy. The same call
/// on the same data gives the same bits.
void forward_training_host(const Problem& problem, int64_t rows, const float* x, const float* gamma, const float* beta,
                           float* y, float* mean, float* variance);
void forward_inference_host(const Problem& problem, int64_t rows, const float* x, const float* mean,
                            const float* variance, const float* gamma, const float* beta, float* y);
void backward_training_host(const Problem& problem, int64_t rows, const float* x, const float* y, const float* dy,
                            const float* mean, const float* variance, const float* gamma, float* dx, float* dgamma,
                            float* dbeta, bool accumulate = false);
void backward_frozen_host(const Problem& problem, int64_t rows, const float* x, const float* y, const float* dy,
                          const float* mean, const float* variance, const float* gamma, float* dx, float* dgamma,
                          float* dbeta, bool accumulate = false);

}  // namespace skewbench::batch_norm
