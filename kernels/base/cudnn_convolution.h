// A convolution by cuDNN, for conv2d and, as 1x1 images, for linear. NHWC float32, products in float32 (no tf32), algorithms
// that cuDNN calls deterministic. Plans are made at the first call with a shape and kept by the thread.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "kernels/base/stream.h"

namespace skewbench::device {

struct ConvolutionShape {
  int64_t n, h, w, c, k, r, s, stride, pad;
  auto operator<=>(const ConvolutionShape&) const = default;
};

enum class ConvolutionDirection { forward, input_gradient, filter_gradient };

/// Empty where cuDNN computes it; otherwise why it does not: see why_no_cudnn(), or one of `arrays` is not aligned to 16 bytes, or
/// sizes beyond an int, or no algorithm.
std::string why_no_cudnn(const ConvolutionShape& shape, ConvolutionDirection direction, std::initializer_list<const void*> arrays);
int64_t cudnn_workspace_bytes(const ConvolutionShape& shape, ConvolutionDirection direction);

void cudnn_forward(const ConvolutionShape& shape, const float* x, const float* filter, const float* bias, bool relu, float* y, void* workspace,
                   Stream stream);
void cudnn_backward_input(const ConvolutionShape& shape, const float* dy, const float* filter, float* dx, void* workspace, Stream stream);
void cudnn_backward_filter(const ConvolutionShape& shape, const float* x, const float* dy, float* dfilter, float* dbias, bool accumulate,
                           void* workspace, Stream stream);

}  // namespace skewbench::device
