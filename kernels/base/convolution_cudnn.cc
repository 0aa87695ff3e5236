#include "kernels/base/cudnn_convolution.h"

#ifdef SKEWBENCH_CUDNN
#include <algorithm>
#include <initializer_list>
#include <map>
#include <vector>

#include "kernels/base/cuda_check.h"
#include "kernels/base/cudnn_support.h"
#include "kernels/base/error.h"
#include "kernels/base/launch.h"

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

constexpr int kMostAlgorithms = 16;  // more than any direction has

/// An algorithm and the bytes of workspace that it needs for these operands.
template <class Algorithm>
struct Chosen {
  Algorithm algorithm;
  std::size_t bytes;
};

/// The first of those that cuDNN lists, best first by its own estimate, that is deterministic, one of `sums` and takes the
/// operands. cuDNN lists variants on tensor cores, too, with their workspace, whatever the operation's math type allows:
/// bytes_of(algorithm, bytes) therefore asks again, with the operation. FFT and Winograd are no sums of products: they round
/// more, and not to integers where all terms are.
template <class Algorithm, class Performance, class BytesOf>
Chosen<Algorithm> choose(const char* what, std::initializer_list<Algorithm> sums, const std::vector<Performance>& offered, BytesOf&& bytes_of) {
  for (const auto& entry : offered) {
    const bool is_sum = std::find(sums.begin(), sums.end(), entry.algo) != sums.end();
    std::size_t bytes = 0;
    if (entry.status == CUDNN_STATUS_SUCCESS && entry.determinism == CUDNN_DETERMINISTIC && is_sum && bytes_of(entry.algo, &bytes) == CUDNN_STATUS_SUCCESS)
      return {entry.algo, bytes};
  }
  fail("cuDNN {} has no deterministic float32 algorithm for this {}", cudnnGetVersion(), what);
}

/// Calls one of cudnnGetConvolution*Algorithm_v7: what it lists.
template <class Performance, class Call>
std::vector<Performance> listed(Call&& call) {
  std::vector<Performance> offered(kMostAlgorithms);
  int count = 0;
  CUDNN_CALL(call(&count, offered.data()));
  offered.resize(static_cast<std::size_t>(count));
  return offered;
}

struct ForwardPlan : Operands {
  Chosen<cudnnConvolutionFwdAlgo_t> chosen;
  explicit ForwardPlan(const ConvolutionShape& of) : Operands(of) {
    const cudnnHandle_t on = cudnn_on(nullptr);
    const auto list = [&](int* count, auto* offered) {
      return cudnnGetConvolutionForwardAlgorithm_v7(on, x.get(), filter.get(), operation.get(), y.get(), kMostAlgorithms, count, offered);
    };
    const auto bytes_of = [&](auto algorithm, std::size_t* bytes) {
      return cudnnGetConvolutionForwardWorkspaceSize(on, x.get(), filter.get(), operation.get(), y.get(), algorithm, bytes);
    };
    chosen = choose("convolution", {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_GEMM},
                    listed<cudnnConvolutionFwdAlgoPerf_t>(list), bytes_of);
  }
};

struct InputPlan : Operands {
  Chosen<cudnnConvolutionBwdDataAlgo_t> chosen;
  explicit InputPlan(const ConvolutionShape& of) : Operands(of) {
    const cudnnHandle_t on = cudnn_on(nullptr);
    const auto list = [&](int* count, auto* offered) {
      return cudnnGetConvolutionBackwardDataAlgorithm_v7(on, filter.get(), y.get(), operation.get(), x.get(), kMostAlgorithms, count, offered);
    };
    const auto bytes_of = [&](auto algorithm, std::size_t* bytes) {
      return cudnnGetConvolutionBackwardDataWorkspaceSize(on, filter.get(), y.get(), operation.get(), x.get(), algorithm, bytes);
    };
    chosen = choose("convolution's input gradient", {CUDNN_CONVOLUTION_BWD_DATA_ALGO_1}, listed<cudnnConvolutionBwdDataAlgoPerf_t>(list), bytes_of);
  }
};

struct FilterPlan : Operands {
  Chosen<cudnnConvolutionBwdFilterAlgo_t> chosen;
  explicit FilterPlan(const ConvolutionShape& of) : Operands(of) {
    const cudnnHandle_t on = cudnn_on(nullptr);
    const auto list = [&](int* count, auto* offered) {
      return cudnnGetConvolutionBackwardFilterAlgorithm_v7(on, x.get(), y.get(), operation.get(), filter.get(), kMostAlgorithms, count, offered);
    };
    const auto bytes_of = [&](auto algorithm, std::size_t* bytes) {
      return cudnnGetConvolutionBackwardFilterWorkspaceSize(on, x.get(), y.get(), operation.get(), filter.get(), algorithm, bytes);
    };
    chosen = choose("convolution's filter gradient", {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1}, listed<cudnnConvolutionBwdFilterAlgoPerf_t>(list), bytes_of);
  }
};

template <class Plan>
const Plan& plan(const ConvolutionShape& shape) {
  thread_local std::map<std::pair<int, ConvolutionShape>, Plan> plans;  // of a device
  int device = 0;
  CUDA_CALL(cudaGetDevice(&device));
  const auto known = plans.find({device, shape});
  return known != plans.end() ? known->second : plans.emplace(std::pair(device, shape), Plan(shape)).first->second;
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
    case ConvolutionDirection::forward: return static_cast<int64_t>(plan<ForwardPlan>(shape).chosen.bytes);
    case ConvolutionDirection::input_gradient: return static_cast<int64_t>(plan<InputPlan>(shape).chosen.bytes);
    case ConvolutionDirection::filter_gradient: break;
  }
  return static_cast<int64_t>(plan<FilterPlan>(shape).chosen.bytes);
}

std::string why_no_cudnn(const ConvolutionShape& shape, ConvolutionDirection direction, std::initializer_list<const void*> arrays) {
  if (const std::string reason = why_no_cudnn(); !reason.empty()) return reason;
  for (const void* array : arrays)
    if (!is_aligned(array)) return fmt::format("cuDNN may read 16 bytes at once, and the address {} is no multiple of 16", array);
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
    CUDNN_CALL(cudnnConvolutionBiasActivationForward(handle, &kOne, of.x.get(), x, of.filter.get(), filter, of.operation.get(), of.chosen.algorithm, workspace,
                                                     of.chosen.bytes, &kZero, of.y.get(), y, of.bias.get(), bias, relu_activation(), of.y.get(), y));
    return;
  }
  CUDNN_CALL(cudnnConvolutionForward(handle, &kOne, of.x.get(), x, of.filter.get(), filter, of.operation.get(), of.chosen.algorithm, workspace,
                                     of.chosen.bytes, &kZero, of.y.get(), y));
  if (bias) CUDNN_CALL(cudnnAddTensor(handle, &kOne, of.bias.get(), bias, &kOne, of.y.get(), y));
  if (relu) CUDNN_CALL(cudnnActivationForward(handle, relu_activation(), &kOne, of.y.get(), y, &kZero, of.y.get(), y));
}

void cudnn_backward_input(const ConvolutionShape& shape, const float* dy, const float* filter, float* dx, void* workspace, Stream stream) {
  const InputPlan& of = plan<InputPlan>(shape);
  CUDNN_CALL(cudnnConvolutionBackwardData(cudnn_on(stream), &kOne, of.filter.get(), filter, of.y.get(), dy, of.operation.get(), of.chosen.algorithm, workspace,
                                          of.chosen.bytes, &kZero, of.x.get(), dx));
}

void cudnn_backward_filter(const ConvolutionShape& shape, const float* x, const float* dy, float* dfilter, float* dbias, bool accumulate,
                           void* workspace, Stream stream) {
  const FilterPlan& of = plan<FilterPlan>(shape);
  const cudnnHandle_t handle = cudnn_on(stream);
  const float* const keep = accumulate ? &kOne : &kZero;
  CUDNN_CALL(cudnnConvolutionBackwardFilter(handle, &kOne, of.x.get(), x, of.y.get(), dy, of.operation.get(), of.chosen.algorithm, workspace,
                                            of.chosen.bytes, keep, of.filter.get(), dfilter));
  if (dbias) CUDNN_CALL(cudnnConvolutionBackwardBias(handle, &kOne, of.y.get(), dy, keep, of.bias.get(), dbias));
}

}  // namespace skewbench::device
#endif
