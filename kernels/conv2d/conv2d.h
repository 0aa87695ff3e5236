// 2-D convolution: forward, input gradient, filter gradient.
//
//   y[n,p,q,k] = bias[k] + sum over r,s,c of filter[k,r,s,c] * x[n, p*stride - pad + r, q*stride - pad + s, c]
//
// Activations are NHWC, filters KRSC, both float32 and dense; x outside the image counts as zero.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/conv2d/conv2d_problem.h"

namespace skewbench::conv2d {

/// Plain loops with double accumulators, T = float or double. x [n,h,w,c], filter [k,r,s,c], bias [k] or null, y [n,p,q,k].
template <class T>
void forward_ref(const Problem& problem, int64_t n, const T* x, const T* filter, const T* bias, T* y);

/// dx [n,h,w,c] = gradient of <dy, y> with respect to x; overwrites dx.
template <class T>
void backward_input_ref(const Problem& problem, int64_t n, const T* dy, const T* filter, T* dx);

/// dfilter [k,r,s,c], dbias [k] or null. With accumulate, both are added to instead of overwritten.
template <class T>
void backward_filter_ref(const Problem& problem, int64_t n, const T* x, const T* dy, T* dfilter, T* dbias,
                         bool accumulate = false);

/// The CPU production version of one layer, for any batch size, on the calling thread.
///
/// Plans are made at the first call with a batch size and kept. The same call on the same data gives the same bits;
/// different batch sizes may sum in different orders. Scratch memory is shared by all layers of a thread. An object
/// may be used by one thread at a time. No output may overlap an input.
class Host {
 public:
  /// `relu`: forward() returns max(y, 0); a backward call then wants dy with the zeros of y already applied.
  /// `needs_input_gradient` false: backward_input() is refused (first layer of a network).
  Host(const Problem& problem, bool has_bias, bool relu, bool needs_input_gradient);
  ~Host();
  Host(Host&&) noexcept;
  Host& operator=(Host&&) noexcept;

  /// Announces the parameters of the calls that follow; call it after every change of them. The filter is brought into
  /// the layout of forward() or backward_input() when the first such call comes, so both arrays must stay valid
  /// and unchanged until the next set_filter(). `bias` is ignored without has_bias.
  void set_filter(const float* filter, const float* bias);

  void forward(int64_t n, const float* x, float* y);            ///< x [n,h,w,c] -> y [n,p,q,k]
  void backward_input(int64_t n, const float* dy, float* dx);   ///< dy [n,p,q,k] -> dx [n,h,w,c], overwritten
  /// x, dy -> dfilter [k,r,s,c] and dbias [k] (ignored without has_bias). With accumulate, both are added to.
  /// Needs no set_filter().
  void backward_filter(int64_t n, const float* x, const float* dy, float* dfilter, float* dbias, bool accumulate);

  const Problem& problem() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skewbench::conv2d
