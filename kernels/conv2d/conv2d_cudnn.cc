// The vendor's convolution. Never run where there is no GPU.
#include "kernels/base/cudnn_convolution.h"
#include "kernels/base/cudnn_support.h"
#include "kernels/conv2d/conv2d_cuda.h"

namespace skewbench::conv2d {

#ifdef SKEWBENCH_CUDNN
namespace {

using device::ConvolutionDirection;

template <class Arguments>
device::ConvolutionShape shape(const Arguments& a) {
  const auto [h, w, c, k, r, s, stride, pad] = a.problem;
  return {a.n, h, w, c, k, r, s, stride, pad};
}

/// `general`: the reason of v1, which bounds the sizes.
template <ConvolutionDirection direction, class Arguments>
std::string why_not(const Arguments& a, const std::string& general, std::initializer_list<const void*> arrays) {
  if (const std::string reason = device::why_no_cudnn(); !reason.empty()) return reason;
  return general.empty() ? device::why_no_cudnn(shape(a), direction, arrays) : general;
}

template <ConvolutionDirection direction, class Arguments>
int64_t workspace(const Arguments& a) { return device::cudnn_workspace_bytes(shape(a), direction); }

std::string why_no_forward(const Forward& a) { return why_not<ConvolutionDirection::forward>(a, forward_versions()[0].why_not(a), {a.x, a.filter, a.bias, a.y}); }
std::string why_no_input(const BackwardInput& a) { return why_not<ConvolutionDirection::input_gradient>(a, backward_input_versions()[0].why_not(a), {a.dy, a.filter, a.dx}); }
std::string why_no_filter(const BackwardFilter& a) { return why_not<ConvolutionDirection::filter_gradient>(a, backward_filter_versions()[0].why_not(a), {a.x, a.dy, a.dfilter, a.dbias}); }

void forward(const Forward& a, void* memory, device::Stream stream) {
  device::cudnn_forward(shape(a), a.x, a.filter, a.bias, a.relu, a.y, memory, stream);
}
void backward_input(const BackwardInput& a, void* memory, device::Stream stream) {
  device::cudnn_backward_input(shape(a), a.dy, a.filter, a.dx, memory, stream);
}
void backward_filter(const BackwardFilter& a, void* memory, device::Stream stream) {
  device::cudnn_backward_filter(shape(a), a.x, a.dy, a.dfilter, a.dbias, a.accumulate, memory, stream);
}

constexpr device::Version<Forward> kForward{0, "cudnn", why_no_forward, workspace<ConvolutionDirection::forward>, forward};
constexpr device::Version<BackwardInput> kBackwardInput{0, "cudnn", why_no_input, workspace<ConvolutionDirection::input_gradient>, backward_input};
constexpr device::Version<BackwardFilter> kBackwardFilter{0, "cudnn", why_no_filter, workspace<ConvolutionDirection::filter_gradient>, backward_filter};

}  // namespace

const device::Version<Forward>* forward_vendor() { return &kForward; }
const device::Version<BackwardInput>* backward_input_vendor() { return &kBackwardInput; }
const device::Version<BackwardFilter>* backward_filter_vendor() { return &kBackwardFilter; }
#else
const device::Version<Forward>* forward_vendor() { return nullptr; }
const device::Version<BackwardInput>* backward_input_vendor() { return nullptr; }
const device::Version<BackwardFilter>* backward_filter_vendor() { return nullptr; }
#endif

}  // namespace skewbench::conv2d
