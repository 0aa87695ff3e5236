#include "kernels/base/cudnn_convolution.h"

#ifdef SKEWBENCH_CUDNN
#include <array>
#include <map>

#include "kernels/base/cudnn_support.h"
#include "kernels/base/error.h"

namespace skewbench::device {
namespace {

using FilterDescriptor = Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using OperationDescriptor = Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor>;
using ActivationDescriptor = Descriptor<cudnnActivationDescriptor_t, cudnnCreateActivationDescriptor, cudnnDestroyActivationDescriptor>;

constexpr float kOne = 1, kZero = 0;

/// What all directions of a shape share.
struct Operands {
  TensorDescriptor x, y, bias;
  FilterDescriptor filter;
  OperationDescriptor operation;

  explicit Operands(const ConvolutionShape& of)
      : x(nhwc_descriptor(of.n, of.h, of.w, of.c)),
        y(nhwc_descriptor(of.n, (of.h + 2 * of.pad - of.r) / of.stride + 1, (of.w + 2 * of.pad - of.s) / of.stride + 1, of.k)),
        bias(nhwc_descriptor(1, 1, 1, of.k)) {
    const auto size = [](int64_t value) { return static_cast<int>(value); };  // the descriptors above have refused larger ones
    CUDNN_CALL(cudnnSetFilter4dDescriptor(filter.get(), CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, size(of.k), size(of.c), size(of.r), size(of.s)));
    CUDNN_CALL(cudnnSetConvolution2dDescriptor(operation.get(), size(of.pad), size(of.pad), size(of.stride), size(of.stride), 1, 1,
                                               CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    CUDNN_CALL(cudnnSetConvolutionMathType(operation.get(), CUDNN_FMA_MATH));  // the default would allow tf32
  }
};

/// The first algorithm, best first by cuDNN's own estimate, that is usable and deterministic.
template <class Performance, std::size_t size>
Performance first_deterministic(const std::array<Performance, size>& offered, int count, const char* what) {
  for (int i = 0; i < count; ++i)
    if (offered[static_cast<std::size_t>(i)].status == CUDNN_STATUS_SUCCESS && offered[static_cast<std::size_t>(i)].determinism == CUDNN_DETERMINISTIC)
      return offered[static_cast<std::size_t>(i)];
  fail("cuDNN {} has no deterministic float32 algorithm for this {}", cudnnGetVersion(), what);
}

constexpr int kMostAlgorithms = 16;  // more than any direction has

struct ForwardPlan : Operands {
  cudnnConvolutionFwdAlgoPerf_t chosen;
  explicit ForwardPlan(const ConvolutionShape& of) : Operands(of) {
    std::array<cudnnConvolutionFwdAlgoPerf_t, kMostAlgorithms> offered;
    int count = 0;
    CUDNN_CALL(cudnnGetConvolutionForwardAlgorithm_v7(cudnn_on(nullptr), x.get(), filter.get(), operation.get(), y.get(), kMostAlgorithms, &count,
                                                      offered.data()));
    chosen = first_deterministic(offered, count, "convolution");
  }
};

struct InputPlan : Operands {
  cudnnConvolutionBwdDataAlgoPerf_t chosen;
  explicit InputPlan(const ConvolutionShape& of) : Operands(of) {
    std::array<cudnnConvolutionBwdDataAlgoPerf_t, kMostAlgorithms> offered;
    int count = 0;
    CUDNN_CALL(cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnn_on(nullptr), filter.get(), y.get(), operation.get(), x.get(), kMostAlgorithms,
                                                           &count, offered.data()));
    chosen = first_deterministic(offered, count, "convolution's input gradient");
  }
};

struct FilterPlan : Operands {
  cudnnConvolutionBwdFilterAlgoPerf_t chosen;
  explicit FilterPlan(const ConvolutionShape& of) : Operands(of) {
    std::array<cudnnConvolutionBwdFilterAlgoPerf_t, kMostAlgorithms> offered;
    int count = 0;
    CUDNN_CALL(cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnn_on(nullptr), x.get(), y.get(), operation.get(), filter.get(), kMostAlgorithms,
                                                             &count, offered.data()));
    chosen = first_deterministic(offered, count, "convolution's filter gradient");
  }
};

template <class Plan>
const Plan& plan(const ConvolutionShape& shape) {
  thread_local std::map<ConvolutionShape, Plan> plans;
  const auto known = plans.find(shape);
  return known != plans.end() ? known->second : plans.emplace(shape, Plan(shape)).first->second;
}

cudnnActivationDescriptor_t relu_activation() {
  thread_local const ActivationDescriptor activation = [] {
    ActivationDescriptor made;
    CUDNN_CALL(cudnnSetActivationDescriptor(made.get(), CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0));
    return made;
  }();
  return activation.get();
}

}  // namespace

int64_t cudnn_workspace_bytes(const ConvolutionShape& shape, ConvolutionDirection direction) {
  switch (direction) {
    case ConvolutionDirection::forward: return static_cast<int64_t>(plan<ForwardPlan>(shape).chosen.memory);
    case ConvolutionDirection::input_gradient: return static_cast<int64_t>(plan<InputPlan>(shape).chosen.memory);
    case ConvolutionDirection::filter_gradient: break;
  }
  return static_cast<int64_t>(plan<FilterPlan>(shape).chosen.memory);
}

std::string why_no_cudnn(const ConvolutionShape& shape, ConvolutionDirection direction) {
  if (const std::string reason = why_no_cudnn(); !reason.empty()) return reason;
  try {
    (void)cudnn_workspace_bytes(shape, direction);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void cudnn_forward(const ConvolutionShape& shape, const float* x, const float* filter, const float* bias, bool relu, float* y, void* workspace,
                   Stream stream) {
  const ForwardPlan& of = plan<ForwardPlan>(shape);
  const cudnnHandle_t handle = cudnn_on(stream);
  if (bias && relu) {  // the one case that cuDNN fuses for every algorithm
    CUDNN_CALL(cudnnConvolutionBiasActivationForward(handle, &kOne, of.x.get(), x, of.filter.get(), filter, of.operation.get(), of.chosen.algo, workspace,
                                                     of.chosen.memory, &kZero, of.y.get(), y, of.bias.get(), bias, relu_activation(), of.y.get(), y));
    return;
  }
  CUDNN_CALL(cudnnConvolutionForward(handle, &kOne, of.x.get(), x, of.filter.get(), filter, of.operation.get(), of.chosen.algo, workspace,
                                     of.chosen.memory, &kZero, of.y.get(), y));
  if (bias) CUDNN_CALL(cudnnAddTensor(handle, &kOne, of.bias.get(), bias, &kOne, of.y.get(), y));
  if (relu) CUDNN_CALL(cudnnActivationForward(handle, relu_activation(), &kOne, of.y.get(), y, &kZero, of.y.get(), y));
}

void cudnn_backward_input(const ConvolutionShape& shape, const float* dy, const float* filter, float* dx, void* workspace, Stream stream) {
  const InputPlan& of = plan<InputPlan>(shape);
  CUDNN_CALL(cudnnConvolutionBackwardData(cudnn_on(stream), &kOne, of.filter.get(), filter, of.y.get(), dy, of.operation.get(), of.chosen.algo, workspace,
                                          of.chosen.memory, &kZero, of.x.get(), dx));
}

void cudnn_backward_filter(const ConvolutionShape& shape, const float* x, const float* dy, float* dfilter, float* dbias, bool accumulate,
                           void* workspace, Stream stream) {
  const FilterPlan& of = plan<FilterPlan>(shape);
  const cudnnHandle_t handle = cudnn_on(stream);
  const float* const keep = accumulate ? &kOne : &kZero;
  CUDNN_CALL(cudnnConvolutionBackwardFilter(handle, &kOne, of.x.get(), x, of.y.get(), dy, of.operation.get(), of.chosen.algo, workspace,
                                            of.chosen.memory, keep, of.filter.get(), dfilter));
  if (dbias) CUDNN_CALL(cudnnConvolutionBackwardBias(handle, &kOne, of.y.get(), dy, keep, of.bias.get(), dbias));
}

}  // namespace skewbench::device
#endif
