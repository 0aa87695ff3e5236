#include <cmath>

#include "kernels/base/error.h"
#include "kernels/group_norm/group_norm.h"

namespace skewbench::group_norm {

void check(const Problem& problem) {
  REQUIRE(problem.pixels > 0 && problem.c > 0 && problem.groups > 0,
          "group norm of {} pixels, {} channels, {} groups: sizes must be positive", problem.pixels, problem.c,
          problem.groups);
  REQUIRE(problem.c % problem.groups == 0, "group norm: {} channels are not divisible by {} groups", problem.c,
          problem.groups);
  REQUIRE(problem.eps > 0, "group norm: eps is {}, it must be positive", problem.eps);
}

template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, const T* gamma, const T* beta, const T* residual, T* y,
                 T* mean, T* rstd) {
  check(problem);
  const int64_t c_per_group = problem.c / problem.groups, sample = problem.pixels * problem.c;
  const double size = static_cast<double>(problem.pixels * c_per_group);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t g = 0; g < problem.groups; ++g) {
      const int64_t begin = i * sample + g * c_per_group;  // element (p, k) of the group: begin + p * c + k
      double sum = 0, squares = 0;
      for (int64_t p = 0; p < problem.pixels; ++p)
        for (int64_t k = 0; k < c_per_group; ++k) sum += x[begin + p * problem.c + k];
      const double m = sum / size;
      for (int64_t p = 0; p < problem.pixels; ++p)
        for (int64_t k = 0; k < c_per_group; ++k) {
          const double centred = x[begin + p * problem.c + k] - m;
          squares += centred * centred;
        }
      const double r = 1 / std::sqrt(squares / size + problem.eps);
      mean[i * problem.groups + g] = static_cast<T>(m);
      rstd[i * problem.groups + g] = static_cast<T>(r);
      for (int64_t p = 0; p < problem.pixels; ++p)
        for (int64_t k = 0; k < c_per_group; ++k) {
          const int64_t at = begin + p * problem.c + k, channel = g * c_per_group + k;
          double value = (x[at] - m) * r;
          if (problem.affine) value = gamma[channel] * value + beta[channel];
          if (problem.add) value += residual[at];
          if (problem.relu && value < 0) value = 0;
          y[at] = static_cast<T>(value);
        }
    }
}

template <class T>
void backward_ref(const Problem& problem, int64_t n, const T* x, const T* y, const T* dy, const T* gamma, const T* mean,
                  const T* rstd, T* dx, T* dresidual, T* dgamma, T* dbeta, bool accumulate) {
  check(problem);
  const int64_t c_per_group = problem.c / problem.groups, sample = problem.pixels * problem.c;
  const double size = static_cast<double>(problem.pixels * c_per_group);
  const bool wants_affine = problem.affine && dgamma;
  if (wants_affine && !accumulate)
    for (int64_t c = 0; c < problem.c; ++c) dgamma[c] = dbeta[c] = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t g = 0; g < problem.groups; ++g) {
      const int64_t begin = i * sample + g * c_per_group;
      const double m = mean[i * problem.groups + g], r = rstd[i * problem.groups + g];
      double sum = 0, sum_xhat = 0;  // of gamma * g and gamma * g * xhat over the group
      for (int64_t k = 0; k < c_per_group; ++k) {
        const int64_t channel = g * c_per_group + k;
        double dbeta_k = 0, dgamma_k = 0;
        for (int64_t p = 0; p < problem.pixels; ++p) {
          const int64_t at = begin + p * problem.c + k;
          const double passed = problem.relu && !(y[at] > 0) ? 0 : dy[at];
          dbeta_k += passed;
          dgamma_k += passed * (x[at] - m) * r;
        }
        const double scale = problem.affine ? static_cast<double>(gamma[channel]) : 1;
        sum += scale * dbeta_k;
        sum_xhat += scale * dgamma_k;
        if (wants_affine) {
          dgamma[channel] += static_cast<T>(dgamma_k);
          dbeta[channel] += static_cast<T>(dbeta_k);
        }
      }
      for (int64_t p = 0; p < problem.pixels; ++p)
        for (int64_t k = 0; k < c_per_group; ++k) {
          const int64_t at = begin + p * problem.c + k;
          const double passed = problem.relu && !(y[at] > 0) ? 0 : dy[at];
          const double scale = problem.affine ? static_cast<double>(gamma[g * c_per_group + k]) : 1;
          const double xhat = (x[at] - m) * r;
          if (problem.add && dresidual) dresidual[at] = static_cast<T>(passed);
          dx[at] = static_cast<T>(r * (scale * passed - sum / size - xhat * sum_xhat / size));
        }
    }
}

template void forward_ref(const Problem&, int64_t, const float*, const float*, const float*, const float*, float*,
                          float*, float*);
template void forward_ref(const Problem&, int64_t, const double*, const double*, const double*, const double*, double*,
                          double*, double*);
template void backward_ref(const Problem&, int64_t, const float*, const float*, const float*, const float*,
                           const float*, const float*, float*, float*, float*, float*, bool);
template void backward_ref(const Problem&, int64_t, const double*, const double*, const double*, const double*,
                           const double*, const double*, double*, double*, double*, double*, bool);

}  // namespace skewbench::group_norm
