// Batch normalisation in plain loops with double accumulators; two passes over x, so a large mean does no harm.
#include "kernels/base/error.h"
#include "kernels/batch_norm/batch_norm.h"

#include <cmath>

namespace skewbench::batch_norm {

void Problem::validate(int64_t rows) const {
  REQUIRE(c > 0 && rows > 0, "batch norm: c={} and rows={} must be positive", c, rows);
  REQUIRE(std::isfinite(eps) && eps > 0, "batch norm: eps={} must be finite and positive", eps);
}

template <class T>
void forward_training_ref(const Problem& problem, int64_t rows, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                          T* variance) {
  problem.validate(rows);
  const int64_t c = problem.c;
  for (int64_t j = 0; j < c; ++j) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < rows; ++i) sum += double(x[i * c + j]);
    const double centre = sum / double(rows);
    for (int64_t i = 0; i < rows; ++i) squares += (double(x[i * c + j]) - centre) * (double(x[i * c + j]) - centre);
    const double spread = squares / double(rows), scale = double(gamma[j]) / std::sqrt(spread + problem.eps);
    for (int64_t i = 0; i < rows; ++i) {
      const double value = (double(x[i * c + j]) - centre) * scale + double(beta[j]);
      y[i * c + j] = T(problem.relu && value <= 0 ? 0.0 : value);  // a NaN stays
    }
    mean[j] = T(centre);
    variance[j] = T(spread);
  }
}

template <class T>
void forward_inference_ref(const Problem& problem, int64_t rows, const T* x, const T* mean, const T* variance,
                           const T* gamma, const T* beta, T* y) {
  problem.validate(rows);
  const int64_t c = problem.c;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < c; ++j) {
      const double scale = double(gamma[j]) / std::sqrt(double(variance[j]) + problem.eps);
      const double value = (double(x[i * c + j]) - double(mean[j])) * scale + double(beta[j]);
      y[i * c + j] = T(problem.relu && value <= 0 ? 0.0 : value);
    }
}

namespace {

// With xhat = (x - mean) * rstd and g = dy where y > 0 (everywhere without relu):
//   dbeta = sum g,  dgamma = sum g * xhat,
//   dx = gamma * rstd * (g - dbeta/rows - xhat * dgamma/rows) through batch statistics, gamma * rstd * g through constants.
template <class T>
void backward(const Problem& problem, bool batch_statistics, int64_t rows, const T* x, const T* y, const T* dy,
              const T* mean, const T* variance, const T* gamma, T* dx, T* dgamma, T* dbeta, bool accumulate) {
  problem.validate(rows);
  const int64_t c = problem.c;
  for (int64_t j = 0; j < c; ++j) {
    const double rstd = 1 / std::sqrt(double(variance[j]) + problem.eps);
    auto gradient = [&](int64_t i) { return problem.relu && !(y[i * c + j] > 0) ? 0.0 : double(dy[i * c + j]); };
    auto normalised = [&](int64_t i) { return (double(x[i * c + j]) - double(mean[j])) * rstd; };
    double sum = 0, product = 0;
    for (int64_t i = 0; i < rows; ++i) {
      sum += gradient(i);
      product += gradient(i) * normalised(i);
    }
    const double shift = batch_statistics ? sum / double(rows) : 0.0, slope = batch_statistics ? product / double(rows) : 0.0;
    for (int64_t i = 0; i < rows; ++i)
      dx[i * c + j] = T(double(gamma[j]) * rstd * (gradient(i) - shift - normalised(i) * slope));
    dgamma[j] = T((accumulate ? double(dgamma[j]) : 0.0) + product);
    dbeta[j] = T((accumulate ? double(dbeta[j]) : 0.0) + sum);
  }
}

}  // namespace

template <class T>
void backward_training_ref(const Problem& problem, int64_t rows, const T* x, const T* y, const T* dy, const T* mean,
                           const T* variance, const T* gamma, T* dx, T* dgamma, T* dbeta, bool accumulate) {
  backward(problem, true, rows, x, y, dy, mean, variance, gamma, dx, dgamma, dbeta, accumulate);
}

template <class T>
void backward_frozen_ref(const Problem& problem, int64_t rows, const T* x, const T* y, const T* dy, const T* mean,
                         const T* variance, const T* gamma, T* dx, T* dgamma, T* dbeta, bool accumulate) {
  backward(problem, false, rows, x, y, dy, mean, variance, gamma, dx, dgamma, dbeta, accumulate);
}

#define INSTANTIATE(T)                                                                                                  \
  template void forward_training_ref(const Problem&, int64_t, const T*, const T*, const T*, T*, T*, T*);                \
  template void forward_inference_ref(const Problem&, int64_t, const T*, const T*, const T*, const T*, const T*, T*);   \
  template void backward_training_ref(const Problem&, int64_t, const T*, const T*, const T*, const T*, const T*,        \
                                      const T*, T*, T*, T*, bool);                                                      \
  template void backward_frozen_ref(const Problem&, int64_t, const T*, const T*, const T*, const T*, const T*,          \
                                    const T*, T*, T*, T*, bool);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace skewbench::batch_norm
