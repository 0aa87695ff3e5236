// The kernels that layers are made of, as sets of the same names: production on the host, and plain loops. The device's is
// in cuda_kernels.h. A set is an object, for the device's has a queue; layers keep a copy of it.
#pragma once

#include <algorithm>

#include "kernels/base/memory.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/group_norm/group_norm.h"
#include "kernels/linear/linear.h"
#include "kernels/local_response_norm/local_response_norm.h"
#include "kernels/pooling/pooling.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

namespace skewbench::train {

/// What the host's sets share: arrays are ordinary memory, a result is there when a call returns, and batch norm, its
/// residual and its ReLU are passes of their own where there is a residual. `Set` has the norms without one.
template <class T, class Set>
struct OnHost {
  using Scalar = T;
  static Memory memory() { return {}; }
  static void scale(int64_t count, T factor, const T* x, T* out) {  // out = factor * x
    for (int64_t i = 0; i < count; ++i) out[i] = factor * x[i];
  }

  static void batch_norm_training(batch_norm::Problem problem, int64_t rows, const T* x, const T* gamma, const T* beta,
                                  const T* residual, T* y, T* mean, T* variance) {
    const bool relu = problem.relu;
    if (residual) problem.relu = false;
    Set::norm_training(problem, rows, x, gamma, beta, y, mean, variance);
    if (residual) add_and_relu(rows * problem.c, residual, relu, y);
  }
  static void batch_norm_inference(batch_norm::Problem problem, int64_t rows, const T* x, const T* mean, const T* variance,
                                   const T* gamma, const T* beta, const T* residual, T* y) {
    const bool relu = problem.relu;
    if (residual) problem.relu = false;
    Set::norm_inference(problem, rows, x, mean, variance, gamma, beta, y);
    if (residual) add_and_relu(rows * problem.c, residual, relu, y);
  }
  static void batch_norm_backward_training(batch_norm::Problem problem, int64_t rows, const T* x, const T* y, T* dy,
                                           const T* mean, const T* variance, const T* gamma, T* dx, T* dresidual, T* dgamma,
                                           T* dbeta, bool accumulate) {
    if (dresidual) split(problem, rows, y, dy, dresidual);
    Set::norm_backward_training(problem, rows, x, y, dy, mean, variance, gamma, dx, dgamma, dbeta, accumulate);
  }
  static void batch_norm_backward_frozen(batch_norm::Problem problem, int64_t rows, const T* x, const T* y, T* dy, const T* mean,
                                         const T* variance, const T* gamma, T* dx, T* dresidual, T* dgamma, T* dbeta,
                                         bool accumulate) {
    if (dresidual) split(problem, rows, y, dy, dresidual);
    Set::norm_backward_frozen(problem, rows, x, y, dy, mean, variance, gamma, dx, dgamma, dbeta, accumulate);
  }

 private:
  static void add_and_relu(int64_t count, const T* residual, bool relu, T* y) {
    Set::add(count, y, residual, y);
    if (relu) Set::relu_forward(count, y, y);
  }
  /// The ReLU's and the addition's gradients; what is left is a norm without ReLU.
  static void split(batch_norm::Problem& problem, int64_t rows, const T* y, T* dy, T* dresidual) {
    if (problem.relu) Set::relu_backward(rows * problem.c, y, dy, dy);
    problem.relu = false;
    std::copy_n(dy, rows * problem.c, dresidual);
  }
};

struct HostKernels : OnHost<float, HostKernels> {
  using Conv = conv2d::Host;
  using Linear = linear::Host;
  static Conv conv(const conv2d::Problem& problem, bool has_bias, bool relu, bool needs_input_gradient) {
    return Conv(problem, has_bias, relu, needs_input_gradient);
  }
  static Linear linear(const linear::Problem& problem, bool has_bias, bool relu) { return Linear(problem, has_bias, relu); }
  static constexpr auto group_norm_forward = group_norm::forward_host;
  static constexpr auto group_norm_backward = group_norm::backward_host;
  static constexpr auto norm_training = batch_norm::forward_training_host;
  static constexpr auto norm_inference = batch_norm::forward_inference_host;
  static constexpr auto norm_backward_training = batch_norm::backward_training_host;
  static constexpr auto norm_backward_frozen = batch_norm::backward_frozen_host;
  static constexpr auto pooling_forward = pooling::forward_host;
  static constexpr auto pooling_backward = pooling::backward_host;
  static constexpr auto response_norm_forward = local_response_norm::forward_host;
  static constexpr auto response_norm_backward = local_response_norm::backward_host;
  static constexpr auto relu_forward = elementwise::relu_forward_host;
  static constexpr auto relu_backward = elementwise::relu_backward_host;
  static constexpr auto add = elementwise::add_host;
  static constexpr auto image_to_real = elementwise::image_to_real_host;
  static constexpr auto loss_and_gradient = softmax_cross_entropy::loss_and_gradient_host;
  static constexpr auto evaluate = softmax_cross_entropy::evaluate_host;
};

/// conv2d::Host's interface over the reference.
template <class T>
class RefConv {
 public:
  RefConv(const conv2d::Problem& problem, bool relu) : problem_(problem), relu_(relu) {
    problem.validate();
  }
  void set_filter(const T* filter, const T* bias) { filter_ = filter, bias_ = bias; }
  void forward(int64_t n, const T* x, T* y) {
    conv2d::forward_ref(problem_, n, x, filter_, bias_, y);
    if (relu_) elementwise::relu_forward_ref(problem_.y_size(n), y, y);
  }
  void backward_input(int64_t n, const T* dy, T* dx) { conv2d::backward_input_ref(problem_, n, dy, filter_, dx); }
  void backward_filter(int64_t n, const T* x, const T* dy, T* dfilter, T* dbias, bool accumulate) {
    conv2d::backward_filter_ref(problem_, n, x, dy, dfilter, dbias, accumulate);
  }

 private:
  conv2d::Problem problem_;
  bool relu_;
  const T* filter_ = nullptr;
  const T* bias_ = nullptr;
};

/// linear::Host's interface over the reference.
template <class T>
class RefLinear {
 public:
  RefLinear(const linear::Problem& problem, bool relu) : problem_(problem), relu_(relu) { problem.validate(); }
  void set_weights(const T* weights, const T* bias) { weights_ = weights, bias_ = bias; }
  void forward(int64_t n, const T* x, T* y) {
    linear::forward_ref(problem_, n, x, weights_, bias_, y);
    if (relu_) elementwise::relu_forward_ref(n * problem_.k, y, y);
  }
  void backward_input(int64_t n, const T* dy, T* dx) { linear::backward_input_ref(problem_, n, dy, weights_, dx); }
  void backward_weights(int64_t n, const T* x, const T* dy, T* dweights, T* dbias, bool accumulate) {
    linear::backward_weights_ref(problem_, n, x, dy, dweights, dbias, accumulate);
  }

 private:
  linear::Problem problem_;
  bool relu_;
  const T* weights_ = nullptr;
  const T* bias_ = nullptr;
};

template <class T>
struct RefKernels : OnHost<T, RefKernels<T>> {
  using Conv = RefConv<T>;
  using Linear = RefLinear<T>;
  static Conv conv(const conv2d::Problem& problem, bool, bool relu, bool) { return Conv(problem, relu); }
  static Linear linear(const linear::Problem& problem, bool, bool relu) { return Linear(problem, relu); }
  static constexpr auto group_norm_forward = group_norm::forward_ref<T>;
  static constexpr auto group_norm_backward = group_norm::backward_ref<T>;
  static constexpr auto norm_training = batch_norm::forward_training_ref<T>;
  static constexpr auto norm_inference = batch_norm::forward_inference_ref<T>;
  static constexpr auto norm_backward_training = batch_norm::backward_training_ref<T>;
  static constexpr auto norm_backward_frozen = batch_norm::backward_frozen_ref<T>;
  static constexpr auto pooling_forward = pooling::forward_ref<T>;
  static constexpr auto pooling_backward = pooling::backward_ref<T>;
  static constexpr auto response_norm_forward = local_response_norm::forward_ref<T>;
  static constexpr auto response_norm_backward = local_response_norm::backward_ref<T>;
  static constexpr auto relu_forward = elementwise::relu_forward_ref<T>;
  static constexpr auto relu_backward = elementwise::relu_backward_ref<T>;
  static constexpr auto add = elementwise::add_ref<T>;
  static constexpr auto image_to_real = elementwise::image_to_real_ref<T>;
  static constexpr auto loss_and_gradient = softmax_cross_entropy::loss_and_gradient_ref<T>;
  static constexpr auto evaluate = softmax_cross_entropy::evaluate_ref<T>;
};

}  // namespace skewbench::train
