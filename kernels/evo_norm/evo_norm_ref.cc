#include <cmath>

#include "kernels/base/error.h"
#include "kernels/evo_norm/evo_norm.h"

namespace skewbench::evo_norm {

void check(const Problem& problem) {
  REQUIRE(problem.pixels > 0 && problem.c > 0 && problem.groups > 0, "EvoNorm of {} pixels, {} channels, {} groups: sizes must be positive",
          problem.pixels, problem.c, problem.groups);
  REQUIRE(problem.c % problem.groups == 0, "EvoNorm: {} channels are not divisible by {} groups", problem.c, problem.groups);
  REQUIRE(problem.group_size() > 1, "EvoNorm: {} pixels of {} channels in {} groups: one element has no variance", problem.pixels, problem.c,
          problem.groups);
  REQUIRE(problem.eps > 0, "EvoNorm: eps is {}, it must be positive", problem.eps);
}

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// visit(offset, channel) for the elements of group g of sample i.
template <class Visit>
void for_group(const Problem& problem, int64_t i, int64_t g, Visit visit) {
  const int64_t k = problem.c / problem.groups;
  for (int64_t p = 0; p < problem.pixels; ++p)
    for (int64_t channel = g * k; channel < (g + 1) * k; ++channel) visit((i * problem.pixels + p) * problem.c + channel, channel);
}

}  // namespace

template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, const T* gamma, const T* beta, T* y, T* mean, T* rstd) {
  check(problem);
  const auto size = static_cast<double>(problem.group_size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t g = 0; g < problem.groups; ++g) {
      double sum = 0, squares = 0;
      for_group(problem, i, g, [&](int64_t at, int64_t) { sum += x[at]; });
      const double m = sum / size;
      for_group(problem, i, g, [&](int64_t at, int64_t) { squares += (x[at] - m) * (x[at] - m); });
      const double r = 1 / std::sqrt(squares / (size - 1) + problem.eps);
      mean[i * problem.groups + g] = static_cast<T>(m);
      rstd[i * problem.groups + g] = static_cast<T>(r);
      for_group(problem, i, g, [&](int64_t at, int64_t channel) {
        y[at] = static_cast<T>(x[at] * sigmoid(x[at]) * r * gamma[channel] + beta[channel]);
      });
    }
}

template <class T>
void backward_ref(const Problem& problem, int64_t n, const T* x, const T* dy, const T* gamma, const T* mean, const T* rstd, T* dx,
                  T* dgamma, T* dbeta, bool accumulate) {
  check(problem);
  const auto size = static_cast<double>(problem.group_size());
  if (dgamma && !accumulate)
    for (int64_t c = 0; c < problem.c; ++c) dgamma[c] = dbeta[c] = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t g = 0; g < problem.groups; ++g) {
      const double m = mean[i * problem.groups + g], r = rstd[i * problem.groups + g];
      double sum = 0;  // of dy * gamma * s over the group
      const int64_t k = problem.c / problem.groups;
      for (int64_t channel = g * k; channel < (g + 1) * k; ++channel) {
        double dbeta_c = 0, sum_c = 0;
        for (int64_t p = 0; p < problem.pixels; ++p) {
          const int64_t at = (i * problem.pixels + p) * problem.c + channel;
          dbeta_c += dy[at];
          sum_c += dy[at] * (x[at] * sigmoid(x[at]));
        }
        sum += gamma[channel] * sum_c;
        if (!dgamma) continue;
        dgamma[channel] += static_cast<T>(sum_c * r);
        dbeta[channel] += static_cast<T>(dbeta_c);
      }
      const double slope = r * r * r / (size - 1) * sum;
      for_group(problem, i, g, [&](int64_t at, int64_t channel) {
        const double sigma = sigmoid(x[at]), ds = sigma * (1 + x[at] * (1 - sigma));
        dx[at] = static_cast<T>(dy[at] * gamma[channel] * r * ds - (x[at] - m) * slope);
      });
    }
}

template void forward_ref(const Problem&, int64_t, const float*, const float*, const float*, float*, float*, float*);
template void forward_ref(const Problem&, int64_t, const double*, const double*, const double*, double*, double*, double*);
template void backward_ref(const Problem&, int64_t, const float*, const float*, const float*, const float*, const float*, float*, float*,
                           float*, bool);
template void backward_ref(const Problem&, int64_t, const double*, const double*, const double*, const double*, const double*, double*,
                           double*, double*, bool);

}  // namespace skewbench::evo_norm
