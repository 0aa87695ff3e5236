// The fully connected layer in plain loops with double accumulators.
#include "kernels/base/error.h"
#include "kernels/linear/linear.h"

namespace skewbench::linear {

double Problem::flops_forward(int64_t n) const { return 2.0 * double(n) * double(c) * double(k); }

void Problem::validate() const {
  constexpr int64_t kLimit = int64_t{1} << 31;
  REQUIRE(c > 0 && k > 0 && c < kLimit && k < kLimit, "linear: c={} and k={} must be positive and below 2^31", c, k);
}

template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, const T* weights, const T* bias, T* y) {
  problem.validate();
  const auto [c, k] = problem;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t ik = 0; ik < k; ++ik) {
      double sum = bias ? double(bias[ik]) : 0.0;
      for (int64_t ic = 0; ic < c; ++ic) sum += double(x[i * c + ic]) * double(weights[ik * c + ic]);
      y[i * k + ik] = T(sum);
    }
}

template <class T>
void backward_input_ref(const Problem& problem, int64_t n, const T* dy, const T* weights, T* dx) {
  problem.validate();
  const auto [c, k] = problem;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t ic = 0; ic < c; ++ic) {
      double sum = 0;
      for (int64_t ik = 0; ik < k; ++ik) sum += double(dy[i * k + ik]) * double(weights[ik * c + ic]);
      dx[i * c + ic] = T(sum);
    }
}

template <class T>
void backward_weights_ref(const Problem& problem, int64_t n, const T* x, const T* dy, T* dweights, T* dbias, bool accumulate) {
  problem.validate();
  const auto [c, k] = problem;
  for (int64_t ik = 0; ik < k; ++ik) {
    for (int64_t ic = 0; ic < c; ++ic) {
      double sum = accumulate ? double(dweights[ik * c + ic]) : 0.0;
      for (int64_t i = 0; i < n; ++i) sum += double(dy[i * k + ik]) * double(x[i * c + ic]);
      dweights[ik * c + ic] = T(sum);
    }
    if (!dbias) continue;
    double sum = accumulate ? double(dbias[ik]) : 0.0;
    for (int64_t i = 0; i < n; ++i) sum += double(dy[i * k + ik]);
    dbias[ik] = T(sum);
  }
}

template void forward_ref(const Problem&, int64_t, const float*, const float*, const float*, float*);
template void forward_ref(const Problem&, int64_t, const double*, const double*, const double*, double*);
template void backward_input_ref(const Problem&, int64_t, const float*, const float*, float*);
template void backward_input_ref(const Problem&, int64_t, const double*, const double*, double*);
template void backward_weights_ref(const Problem&, int64_t, const float*, const float*, float*, float*, bool);
template void backward_weights_ref(const Problem&, int64_t, const double*, const double*, double*, double*, bool);

}  // namespace skewbench::linear
