// The kernels that layers are made of, as two sets of the same names: production, and plain loops.
#pragma once

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/group_norm/group_norm.h"
#include "kernels/linear/linear.h"
#include "kernels/local_response_norm/local_response_norm.h"
#include "kernels/pooling/pooling.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

namespace skewbench::train {

struct HostKernels {
  using Scalar = float;
  using Conv = conv2d::Host;
  using Linear = linear::Host;
  static constexpr auto group_norm_forward = group_norm::forward_host;
  static constexpr auto group_norm_backward = group_norm::backward_host;
  static constexpr auto batch_norm_training = batch_norm::forward_training_host;
  static constexpr auto batch_norm_inference = batch_norm::forward_inference_host;
  static constexpr auto batch_norm_backward_training = batch_norm::backward_training_host;
  static constexpr auto batch_norm_backward_frozen = batch_norm::backward_frozen_host;
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
  RefConv(const conv2d::Problem& problem, bool, bool relu, bool) : problem_(problem), relu_(relu) {
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
  RefLinear(const linear::Problem& problem, bool, bool relu) : problem_(problem), relu_(relu) { problem.validate(); }
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
struct RefKernels {
  using Scalar = T;
  using Conv = RefConv<T>;
  using Linear = RefLinear<T>;
  static constexpr auto group_norm_forward = group_norm::forward_ref<T>;
  static constexpr auto group_norm_backward = group_norm::backward_ref<T>;
  static constexpr auto batch_norm_training = batch_norm::forward_training_ref<T>;
  static constexpr auto batch_norm_inference = batch_norm::forward_inference_ref<T>;
  static constexpr auto batch_norm_backward_training = batch_norm::backward_training_ref<T>;
  static constexpr auto batch_norm_backward_frozen = batch_norm::backward_frozen_ref<T>;
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
