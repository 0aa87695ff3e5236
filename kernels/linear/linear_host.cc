// The fully connected layer on the CPU: oneDNN's matrix product on the arrays as they lie.
#include "kernels/base/dnnl_support.h"
#include "kernels/linear/linear.h"

namespace skewbench::linear {
namespace {

/// c [m,n] = a * b + beta * c with a [m,k], or [k,m] if 'T', and b [k,n], or [n,k] if 'T'; all row-major and dense.
void multiply(char a_transposed, char b_transposed, int64_t m, int64_t n, int64_t k, const float* a, const float* b,
              float beta, float* c) {
  const int64_t a_columns = a_transposed == 'T' ? m : k, b_columns = b_transposed == 'T' ? k : n;
  dnnl_support::engine();  // limits OpenMP to this thread
  const dnnl_status_t status =
      dnnl_sgemm(a_transposed, b_transposed, m, n, k, 1.0f, a, a_columns, b, b_columns, beta, c, n);
  REQUIRE(status == dnnl_success, "oneDNN: a {}x{}x{} matrix product failed (status {})", m, n, k, static_cast<int>(status));
}

void check(int64_t n) { REQUIRE(n > 0, "linear: batch size {} must be positive", n); }

}  // namespace

Host::Host(const Problem& problem, bool has_bias, bool relu) : problem_(problem), has_bias_(has_bias), relu_(relu) {
  problem.validate();
}

void Host::set_weights(const float* weights, const float* bias) {
  REQUIRE(weights && (bias || !has_bias_), "linear: set_weights() was given a null {}", weights ? "bias" : "weights");
  weights_ = weights;
  bias_ = bias;
}

void Host::forward(int64_t n, const float* x, float* y) {
  check(n);
  REQUIRE(weights_, "linear: forward() before set_weights()");
  const int64_t k = problem_.k;
  // The bias goes in first and the product is added to it.
  if (has_bias_)
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < k; ++j) y[i * k + j] = bias_[j];
  multiply('N', 'T', n, k, problem_.c, x, weights_, has_bias_ ? 1.0f : 0.0f, y);
  if (relu_)
    for (int64_t i = 0; i < n * k; ++i) y[i] = y[i] <= 0 ? 0 : y[i];  // a NaN stays
}

void Host::backward_input(int64_t n, const float* dy, float* dx) {
  check(n);
  REQUIRE(weights_, "linear: backward_input() before set_weights()");
  multiply('N', 'N', n, problem_.c, problem_.k, dy, weights_, 0.0f, dx);
}

void Host::backward_weights(int64_t n, const float* x, const float* dy, float* dweights, float* dbias, bool accumulate) {
  check(n);
  REQUIRE(dweights && (dbias || !has_bias_), "linear: backward_weights() was given a null {}", dweights ? "dbias" : "dweights");
  const int64_t k = problem_.k;
  multiply('T', 'N', k, problem_.c, n, dy, x, accumulate ? 1.0f : 0.0f, dweights);
  if (!has_bias_) return;
  if (!accumulate)
    for (int64_t j = 0; j < k; ++j) dbias[j] = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < k; ++j) dbias[j] += dy[i * k + j];
}

}  // namespace skewbench::linear
