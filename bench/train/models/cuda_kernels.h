// The device's set of kernels, as kernel_sets.h describes: every call enqueues on one queue, which chooses the version.
// Pointers are device memory.
#pragma once

#include "kernels/augment/augment_cuda.h"
#include "kernels/base/memory.h"
#include "kernels/base/queue.h"
#include "kernels/batch_norm/batch_norm_cuda.h"
#include "kernels/conv2d/conv2d_cuda.h"
#include "kernels/elementwise/elementwise_cuda.h"
#include "kernels/group_norm/group_norm_cuda.h"
#include "kernels/linear/linear_cuda.h"
#include "kernels/local_response_norm/local_response_norm_cuda.h"
#include "kernels/mix/mix_in_memory.h"
#include "kernels/pooling/pooling_cuda.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.h"

namespace skewbench::train {

// name, arguments, ladder, vendor's version or null, default or null (the last version that takes the arguments)
#define SKEWBENCH_CUDA_OPERATIONS(ENTRY)                                                                                                     \
  ENTRY(conv2d_forward, conv2d::Forward, conv2d::forward_versions(), conv2d::forward_vendor(), conv2d::default_version)                     \
  ENTRY(conv2d_backward_input, conv2d::BackwardInput, conv2d::backward_input_versions(), conv2d::backward_input_vendor(),                   \
        conv2d::default_version)                                                                                                             \
  ENTRY(conv2d_backward_filter, conv2d::BackwardFilter, conv2d::backward_filter_versions(), conv2d::backward_filter_vendor(),               \
        conv2d::default_version)                                                                                                             \
  ENTRY(linear_forward, linear::Forward, linear::forward_versions(), linear::forward_vendor(), linear::default_version)                     \
  ENTRY(linear_backward_input, linear::BackwardInput, linear::backward_input_versions(), linear::backward_input_vendor(),                   \
        linear::default_version)                                                                                                             \
  ENTRY(linear_backward_weights, linear::BackwardWeights, linear::backward_weights_versions(), linear::backward_weights_vendor(),           \
        linear::default_version)                                                                                                             \
  ENTRY(group_norm_forward, group_norm::Forward, group_norm::forward_versions(), nullptr, nullptr)                                          \
  ENTRY(group_norm_backward, group_norm::Backward, group_norm::backward_versions(), nullptr, nullptr)                                       \
  ENTRY(batch_norm_forward_training, batch_norm::ForwardTraining, batch_norm::forward_training_versions(),                                  \
        batch_norm::forward_training_vendor(), nullptr)                                                                                      \
  ENTRY(batch_norm_forward_inference, batch_norm::ForwardInference, batch_norm::forward_inference_versions(),                               \
        batch_norm::forward_inference_vendor(), nullptr)                                                                                     \
  ENTRY(batch_norm_backward_training, batch_norm::Backward, batch_norm::backward_training_versions(),                                       \
        batch_norm::backward_training_vendor(), nullptr)                                                                                     \
  ENTRY(batch_norm_backward_frozen, batch_norm::Backward, batch_norm::backward_frozen_versions(), nullptr, nullptr)                         \
  ENTRY(pooling_forward, pooling::Forward, pooling::forward_versions(), pooling::forward_vendor(), nullptr)                                 \
  ENTRY(pooling_backward, pooling::Backward, pooling::backward_versions(), nullptr, nullptr)                                                \
  ENTRY(local_response_norm_forward, local_response_norm::Forward, local_response_norm::forward_versions(), nullptr, nullptr)               \
  ENTRY(local_response_norm_backward, local_response_norm::Backward, local_response_norm::backward_versions(), nullptr, nullptr)            \
  ENTRY(relu_forward, elementwise::ReluForward, elementwise::relu_forward_versions(), nullptr, nullptr)                                     \
  ENTRY(relu_backward, elementwise::ReluBackward, elementwise::relu_backward_versions(), nullptr, nullptr)                                  \
  ENTRY(add, elementwise::Add, elementwise::add_versions(), nullptr, nullptr)                                                               \
  ENTRY(augment, augment::Augment, augment::augment_versions(), nullptr, nullptr)                                                           \
  ENTRY(image_to_real, elementwise::ImageToReal, elementwise::image_to_real_versions(), nullptr, nullptr)                                   \
  ENTRY(loss_and_gradient, softmax_cross_entropy::LossAndGradient, softmax_cross_entropy::loss_and_gradient_versions(), nullptr, nullptr)   \
  ENTRY(evaluate, softmax_cross_entropy::Evaluate, softmax_cross_entropy::evaluate_versions(), nullptr, nullptr)

namespace cuda_operations {
#define FUNCTION(name, arguments, ladder, vendor, standard) \
  inline device::Operation<arguments> name() { return {#name, ladder, vendor, standard}; }
SKEWBENCH_CUDA_OPERATIONS(FUNCTION)
#undef FUNCTION
}  // namespace cuda_operations

class CudaKernels {
 public:
  using Scalar = float;
  explicit CudaKernels(device::Queue& queue) : queue_(&queue) {}

  Memory memory() const { return Memory(*queue_); }

  /// conv2d::Host's interface. Neither keeps anything of the parameters but their addresses.
  class Conv {
   public:
    Conv(device::Queue& queue, const conv2d::Problem& problem, bool relu) : queue_(&queue), problem_(problem), relu_(relu) {
      problem.validate();
    }
    void set_filter(const float* filter, const float* bias) { filter_ = filter, bias_ = bias; }
    void forward(int64_t n, const float* x, float* y) {
      queue_->launch(cuda_operations::conv2d_forward(), {problem_, n, x, filter_, bias_, y, relu_});
    }
    void backward_input(int64_t n, const float* dy, float* dx) {
      queue_->launch(cuda_operations::conv2d_backward_input(), {problem_, n, dy, filter_, dx});
    }
    void backward_filter(int64_t n, const float* x, const float* dy, float* dfilter, float* dbias, bool accumulate) {
      queue_->launch(cuda_operations::conv2d_backward_filter(), {problem_, n, x, dy, dfilter, dbias, accumulate});
    }

   private:
    device::Queue* queue_;
    conv2d::Problem problem_;
    bool relu_;
    const float* filter_ = nullptr;
    const float* bias_ = nullptr;
  };
  Conv conv(const conv2d::Problem& problem, bool, bool relu, bool) const { return {*queue_, problem, relu}; }

  /// linear::Host's interface.
  class Linear {
   public:
    Linear(device::Queue& queue, const linear::Problem& problem, bool relu) : queue_(&queue), problem_(problem), relu_(relu) {
      problem.validate();
    }
    void set_weights(const float* weights, const float* bias) { weights_ = weights, bias_ = bias; }
    void forward(int64_t n, const float* x, float* y) {
      queue_->launch(cuda_operations::linear_forward(), {problem_, n, x, weights_, bias_, y, relu_});
    }
    void backward_input(int64_t n, const float* dy, float* dx) {
      queue_->launch(cuda_operations::linear_backward_input(), {problem_, n, dy, weights_, dx});
    }
    void backward_weights(int64_t n, const float* x, const float* dy, float* dweights, float* dbias, bool accumulate) {
      queue_->launch(cuda_operations::linear_backward_weights(), {problem_, n, x, dy, dweights, dbias, accumulate});
    }

   private:
    device::Queue* queue_;
    linear::Problem problem_;
    bool relu_;
    const float* weights_ = nullptr;
    const float* bias_ = nullptr;
  };
  Linear linear(const linear::Problem& problem, bool, bool relu) const { return {*queue_, problem, relu}; }

  void group_norm_forward(const group_norm::Problem& problem, int64_t n, const float* x, const float* gamma, const float* beta,
                          const float* residual, float* y, float* mean, float* rstd) const {
    queue_->launch(cuda_operations::group_norm_forward(), {problem, n, x, gamma, beta, residual, y, mean, rstd});
  }
  void group_norm_backward(const group_norm::Problem& problem, int64_t n, const float* x, const float* y, const float* dy,
                           const float* gamma, const float* mean, const float* rstd, float* dx, float* dresidual, float* dgamma,
                           float* dbeta, bool accumulate) const {
    queue_->launch(cuda_operations::group_norm_backward(),
                   {problem, n, x, y, dy, gamma, mean, rstd, dx, dresidual, dgamma, dbeta, accumulate});
  }

  void batch_norm_training(const batch_norm::Problem& problem, int64_t rows, const float* x, const float* gamma, const float* beta,
                           const float* residual, float* y, float* mean, float* variance) const {
    queue_->launch(cuda_operations::batch_norm_forward_training(), {problem, rows, x, gamma, beta, residual, y, mean, variance});
  }
  void batch_norm_inference(const batch_norm::Problem& problem, int64_t rows, const float* x, const float* mean,
                            const float* variance, const float* gamma, const float* beta, const float* residual, float* y) const {
    queue_->launch(cuda_operations::batch_norm_forward_inference(), {problem, rows, x, mean, variance, gamma, beta, residual, y});
  }
  void batch_norm_backward_training(const batch_norm::Problem& problem, int64_t rows, const float* x, const float* y,
                                    const float* dy, const float* mean, const float* variance, const float* gamma, float* dx,
                                    float* dresidual, float* dgamma, float* dbeta, bool accumulate) const {
    queue_->launch(cuda_operations::batch_norm_backward_training(),
                   {problem, rows, x, y, dy, mean, variance, gamma, dx, dresidual, dgamma, dbeta, accumulate});
  }
  void batch_norm_backward_frozen(const batch_norm::Problem& problem, int64_t rows, const float* x, const float* y,
                                  const float* dy, const float* mean, const float* variance, const float* gamma, float* dx,
                                  float* dresidual, float* dgamma, float* dbeta, bool accumulate) const {
    queue_->launch(cuda_operations::batch_norm_backward_frozen(),
                   {problem, rows, x, y, dy, mean, variance, gamma, dx, dresidual, dgamma, dbeta, accumulate});
  }

  void pooling_forward(const pooling::Problem& problem, int64_t n, const float* x, float* y, uint8_t* workspace) const {
    queue_->launch(cuda_operations::pooling_forward(), {problem, n, x, y, workspace});
  }
  void pooling_backward(const pooling::Problem& problem, int64_t n, const float* dy, const uint8_t* workspace, float* dx) const {
    queue_->launch(cuda_operations::pooling_backward(), {problem, n, dy, workspace, dx});
  }
  void response_norm_forward(const local_response_norm::Problem& problem, int64_t n, const float* x, float* y, float* scale) const {
    queue_->launch(cuda_operations::local_response_norm_forward(), {problem, n, x, y, scale});
  }
  void response_norm_backward(const local_response_norm::Problem& problem, int64_t n, const float* x, const float* y,
                              const float* scale, const float* dy, float* dx) const {
    queue_->launch(cuda_operations::local_response_norm_backward(), {problem, n, x, y, scale, dy, dx});
  }

  void relu_forward(int64_t count, const float* x, float* y) const { queue_->launch(cuda_operations::relu_forward(), {count, x, y}); }
  void relu_backward(int64_t count, const float* y, const float* dy, float* dx) const {
    queue_->launch(cuda_operations::relu_backward(), {count, y, dy, dx});
  }
  void add(int64_t count, const float* a, const float* b, float* out) const { queue_->launch(cuda_operations::add(), {count, a, b, out}); }
  void scale(int64_t count, float factor, const float* x, float* out) const {
    const mix::Input<float> input{x, 1, factor};
    mix::mix<float>(memory(), {&input, 1}, count, out, 1);
  }
  /// Returns `out`.
  const uint8_t* augment(const augment::Problem& problem, int64_t n, const uint8_t* images, const augment::Change* changes, uint8_t* out) const {
    queue_->launch(cuda_operations::augment(), {problem, n, images, changes, out});
    return out;
  }
  void image_to_real(int64_t pixels, int64_t channels, const uint8_t* images, const float* mean, const float* scale,
                     float* out) const {
    queue_->launch(cuda_operations::image_to_real(), {pixels, channels, images, mean, scale, out});
  }
  /// *total is device memory, too.
  void loss_and_gradient(int64_t n, int64_t classes, const float* logits, const int32_t* labels, const float* weights,
                         double normaliser, float* losses, float* dlogits, double* total) const {
    queue_->launch(cuda_operations::loss_and_gradient(), {n, classes, logits, labels, weights, normaliser, losses, dlogits, total});
  }
  void evaluate(int64_t n, int64_t classes, const float* logits, const int32_t* labels,
                softmax_cross_entropy::Evaluation* result) const {
    queue_->launch(cuda_operations::evaluate(), {n, classes, logits, labels, result});
  }

 private:
  device::Queue* queue_;
};

}  // namespace skewbench::train
