// The vendor's version: averages that leave the padding out. Never run where there is no GPU.
#include "kernels/base/cudnn_support.h"
#include "kernels/pooling/pooling_cuda.h"

#ifdef SKEWBENCH_CUDNN
#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::pooling {
namespace {

using PoolingDescriptor = device::Descriptor<cudnnPoolingDescriptor_t, cudnnCreatePoolingDescriptor, cudnnDestroyPoolingDescriptor>;

std::string why_not(const Forward& a) {
  if (const std::string reason = device::why_no_cudnn(); !reason.empty()) return reason;
  if (a.problem.kind == Kind::max) return "cuDNN keeps no winner of a maximum";
  if (const std::string reason = forward_versions()[0].why_not(a); !reason.empty()) return reason;
  if (device::product({a.problem.h, a.problem.w, a.problem.c}) > device::kMostBlocks)
    return fmt::format("an image of {} x {} x {} floats: cuDNN's strides are below 2^31", a.problem.h, a.problem.w, a.problem.c);
  if (a.problem.kind == Kind::global_average) return "";
  Problem floor = a.problem;
  floor.ceil = false;
  if (floor.p() != a.problem.p() || floor.q() != a.problem.q()) return "cuDNN has no last window that hangs over the image";
  return "";
}

void forward(const Forward& a, void*, device::Stream stream) {
  const auto& [kind, h, w, c, window, stride, pad, ceil] = a.problem;
  const bool is_global = kind == Kind::global_average;
  const auto rows = static_cast<int>(is_global ? h : window), columns = static_cast<int>(is_global ? w : window);
  const int step = is_global ? 1 : static_cast<int>(stride), border = is_global ? 0 : static_cast<int>(pad);
  const PoolingDescriptor pooling;
  CUDNN_CALL(cudnnSetPooling2dDescriptor(pooling.get(), CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING, CUDNN_PROPAGATE_NAN, rows, columns, border,
                                         border, step, step));
  const auto x = device::nhwc_descriptor(a.n, h, w, c), y = device::nhwc_descriptor(a.n, a.problem.p(), a.problem.q(), c);
  const float one = 1, zero = 0;
  CUDNN_CALL(cudnnPoolingForward(device::cudnn_on(stream), pooling.get(), &one, x.get(), a.x, &zero, y.get(), a.y));
}

constexpr device::Version<Forward> kForward{0, "cudnn", why_not, device::no_workspace, forward};

}  // namespace

const device::Version<Forward>* forward_vendor() { return &kForward; }

}  // namespace skewbench::pooling
#else
namespace skewbench::pooling {

const device::Version<Forward>* forward_vendor() { return nullptr; }

}  // namespace skewbench::pooling
#endif
