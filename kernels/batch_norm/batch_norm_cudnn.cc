// Batch norm by cuDNN: its BatchNormalization functions in spatial mode, on [1, rows, 1, c], with ActivationForward, AddTensor and
// ActivationBackward for what follows. cuDNN fuses those only for half precision.
//
// Differences: cuDNN keeps the unbiased variance, which is scaled back here; backward, it computes the statistics anew from x,
// because it would take the reciprocal of the deviation where we have the variance. Constant statistics: it has no gradient for
// them.
#include "kernels/base/cudnn_support.h"
#include "kernels/base/error.h"
#include "kernels/base/launch.h"
#include "kernels/batch_norm/batch_norm_cuda.h"

#ifdef SKEWBENCH_CUDNN

namespace skewbench::batch_norm {
namespace {

using device::cudnn_on;
using ActivationDescriptor =
    device::Descriptor<cudnnActivationDescriptor_t, cudnnCreateActivationDescriptor, cudnnDestroyActivationDescriptor>;

constexpr cudnnBatchNormMode_t kMode = CUDNN_BATCHNORM_SPATIAL;
constexpr float kOne = 1, kZero = 0;

// Descriptors of [rows, c] and of [c]. The rows are those of one image: cuDNN has had limits on the number of images.
struct Tensors {
  explicit Tensors(const Problem& problem, int64_t rows)
      : whole(device::nhwc_descriptor(1, rows, 1, problem.c)), channels(device::nhwc_descriptor(1, 1, 1, problem.c)) {}
  device::TensorDescriptor whole, channels;
};

ActivationDescriptor relu_descriptor() {
  ActivationDescriptor relu;
  CUDNN_CALL(cudnnSetActivationDescriptor(relu.get(), CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0.0));
  return relu;
}

template <class Arguments>
std::string why_not(const Arguments& a) {
  constexpr int64_t kMost = 2147483647;  // cuDNN's extents and strides are ints, and the image's is rows * c
  if (const std::string reason = device::why_no_cudnn(); !reason.empty()) return reason;
  if (a.problem.c < 1 || a.rows < 1) return fmt::format("c={} and rows={} must be positive", a.problem.c, a.rows);
  const int64_t size = device::product({a.rows, a.problem.c});
  if (size < 0 || size > kMost) return fmt::format("cuDNN takes no c={} and rows={}: their product must be below 2^31", a.problem.c, a.rows);
  if (!(a.problem.eps >= CUDNN_BN_MIN_EPSILON)) return fmt::format("eps={} is below cuDNN's {}", a.problem.eps, CUDNN_BN_MIN_EPSILON);
  return "";
}

// cuDNN does not say that y may be x.
template <class Forward>
std::string why_not_forward(const Forward& a) {
  if (const std::string reason = why_not(a); !reason.empty()) return reason;
  return a.x && a.x == a.y ? "y is x, which cuDNN does not say that it may be" : "";
}

std::string why_not_training(const ForwardTraining& a) {
  if (const std::string reason = why_not_forward(a); !reason.empty()) return reason;
  if (a.rows == 1) return "cuDNN gives the unbiased variance, which one row does not have";
  return "";
}

template <class Forward>
void add_and_relu(const Forward& a, const Tensors& tensors, device::Stream stream) {
  const auto whole = tensors.whole.get();
  if (a.residual) CUDNN_CALL(cudnnAddTensor(cudnn_on(stream), &kOne, whole, a.residual, &kOne, whole, a.y));
  if (!a.problem.relu) return;
  const ActivationDescriptor relu = relu_descriptor();
  CUDNN_CALL(cudnnActivationForward(cudnn_on(stream), relu.get(), &kOne, whole, a.y, &kZero, whole, a.y));
}

void forward_training(const ForwardTraining& a, void*, device::Stream stream) {
  const Tensors tensors(a.problem, a.rows);
  const auto whole = tensors.whole.get(), channels = tensors.channels.get();
  // With factor 1 the old running statistics count nothing; but nothing times NaN is NaN.
  device::fill_bytes(a.mean, 0, 4 * a.problem.c, stream);
  device::fill_bytes(a.variance, 0, 4 * a.problem.c, stream);
  CUDNN_CALL(cudnnBatchNormalizationForwardTraining(cudnn_on(stream), kMode, &kOne, &kZero, whole, a.x, whole, a.y, channels, a.gamma,
                                                    a.beta, 1.0, a.mean, a.variance, a.problem.eps, nullptr, nullptr));
  const auto biased = static_cast<float>(1 / Problem::unbiased_factor(a.rows));
  CUDNN_CALL(cudnnScaleTensor(cudnn_on(stream), channels, a.variance, &biased));
  add_and_relu(a, tensors, stream);
}

void forward_inference(const ForwardInference& a, void*, device::Stream stream) {
  const Tensors tensors(a.problem, a.rows);
  const auto whole = tensors.whole.get();
  CUDNN_CALL(cudnnBatchNormalizationForwardInference(cudnn_on(stream), kMode, &kOne, &kZero, whole, a.x, whole, a.y, tensors.channels.get(),
                                                     a.gamma, a.beta, a.mean, a.variance, a.problem.eps));
  add_and_relu(a, tensors, stream);
}

// Neither does it say that dx may be dy, so the gradient behind the ReLU, or a dy that is dx, has a place of its own.
bool needs_copy(const Backward& a) { return a.problem.relu || a.dx == a.dy; }
int64_t backward_bytes(const Backward& a) { return needs_copy(a) ? 4 * a.rows * a.problem.c : 0; }

void backward_training(const Backward& a, void* workspace, device::Stream stream) {
  const Tensors tensors(a.problem, a.rows);
  const auto whole = tensors.whole.get();
  const int64_t bytes = 4 * a.rows * a.problem.c;
  const float* g = a.dy;
  if (a.problem.relu) {
    const ActivationDescriptor relu = relu_descriptor();
    CUDNN_CALL(cudnnActivationBackward(cudnn_on(stream), relu.get(), &kOne, whole, a.y, whole, a.dy, whole, a.y, &kZero, whole, workspace));
  } else if (needs_copy(a)) {
    device::copy_on_device(workspace, a.dy, bytes, stream);
  }
  if (needs_copy(a)) g = static_cast<const float*>(workspace);
  if (a.dresidual && a.dresidual != g) device::copy_on_device(a.dresidual, g, bytes, stream);
  const float parameters = a.accumulate ? 1 : 0;
  CUDNN_CALL(cudnnBatchNormalizationBackward(cudnn_on(stream), kMode, &kOne, &kZero, &kOne, &parameters, whole, a.x, whole, g, whole, a.dx,
                                             tensors.channels.get(), a.gamma, a.dgamma, a.dbeta, a.problem.eps, nullptr, nullptr));
}

const device::Version<ForwardTraining> kForwardTraining{0, "cudnn", why_not_training, device::no_workspace, forward_training};
const device::Version<ForwardInference> kForwardInference{0, "cudnn", why_not_forward, device::no_workspace, forward_inference};
const device::Version<Backward> kBackwardTraining{0, "cudnn", why_not, backward_bytes, backward_training};

}  // namespace

const device::Version<ForwardTraining>* forward_training_vendor() { return &kForwardTraining; }
const device::Version<ForwardInference>* forward_inference_vendor() { return &kForwardInference; }
const device::Version<Backward>* backward_training_vendor() { return &kBackwardTraining; }

}  // namespace skewbench::batch_norm

#else

namespace skewbench::batch_norm {

const device::Version<ForwardTraining>* forward_training_vendor() { return nullptr; }
const device::Version<ForwardInference>* forward_inference_vendor() { return nullptr; }
const device::Version<Backward>* backward_training_vendor() { return nullptr; }

}  // namespace skewbench::batch_norm

#endif
