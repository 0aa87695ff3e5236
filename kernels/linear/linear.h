// Fully connected layer: y[n,k] = bias[k] + sum over c of x[n,c] * weights[k,c].
//
// Row-major float32: x [n,c], weights [k,c], y [n,k].
#pragma once

#include <cstdint>

namespace skewbench::linear {

struct Problem {
  int64_t c;  ///< inputs
  int64_t k;  ///< outputs

  double flops_forward(int64_t n) const;  ///< 2 x multiply-adds; each of the two gradients costs the same
  void validate() const;                  ///< throws Error unless both extents are positive and below 2^31
};

/// Plain loops with double accumulators, T = float or double; bias [k] may be null.
template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, const T* weights, const T* bias, T* y);

/// dx [n,c] = dy [n,k] * weights, overwritten.
template <class T>
void backward_input_ref(const Problem& problem, int64_t n, const T* dy, const T* weights, T* dx);

/// dweights [k,c], dbias [k] or null. With accumulate, both are added to instead of overwritten.
template <class T>
void backward_weights_ref(const Problem& problem, int64_t n, const T* x, const T* dy, T* dweights, T* dbias,
                          bool accumulate = false);

/// The CPU production version, on the calling thread. The weights are used where they lie: a re-layout per update costs
/// more than it saves at the sizes of classifiers. The same call on the same data gives the same bits.
class Host {
 public:
  /// `relu`: forward() returns max(y, 0); a backward call then wants dy with the zeros of y already applied.
  Host(const Problem& problem, bool has_bias, bool relu);

  /// weights [k,c] and bias [k] (ignored without has_bias) of the calls that follow; read in place by each of them.
  void set_weights(const float* weights, const float* bias);

  void forward(int64_t n, const float* x, float* y);           ///< x [n,c] -> y [n,k]
  void backward_input(int64_t n, const float* dy, float* dx);  ///< dy [n,k] -> dx [n,c], overwritten
  /// x, dy -> dweights [k,c] and dbias [k] (ignored without has_bias). With accumulate, both are added to.
  void backward_weights(int64_t n, const float* x, const float* dy, float* dweights, float* dbias, bool accumulate);

  const Problem& problem() const { return problem_; }

 private:
  Problem problem_;
  bool has_bias_, relu_;
  const float* weights_ = nullptr;
  const float* bias_ = nullptr;
};

}  // namespace skewbench::linear
