// cuDNN for the vendor version of an operation: the thread's handle, checked calls, descriptors that own themselves.
//
// Included by *_cudnn.cc only, so that no header of an op needs cuDNN. Such a file exposes its versions as
// `const device::Version<Arguments>* <direction>_vendor()`, number 0, idea "cudnn", null where cuDNN is not built in. cuDNN has
// no stand-in on the CPU, so a vendor version's why_not() starts with why_no_cudnn().
#pragma once

#include <cstdint>
#include <string>

#include "kernels/base/device.h"

namespace skewbench::device {

/// Empty where cuDNN can be called; otherwise one sentence: not built in, no device, kernels that run on the CPU, a cuDNN
/// that does not start. Answered once per process.
std::string why_no_cudnn();

}  // namespace skewbench::device

#ifdef SKEWBENCH_CUDNN
#include <cudnn.h>

#include <utility>

namespace skewbench::device {

/// Throws Error("<call> failed: <cuDNN's text> (status n: <cuDNN's last message>) at <file>:<line>, <context>").
[[noreturn]] void cudnn_failed(const char* call, cudnnStatus_t status, const char* file, int line);

/// CUDNN_CALL(cudnnCreate(...)): the expression is evaluated once.
#define CUDNN_CALL(...)                                                                              \
  do {                                                                                               \
    const cudnnStatus_t cudnn_call_status_ = (__VA_ARGS__);                                          \
    if (cudnn_call_status_ != CUDNN_STATUS_SUCCESS)                                                  \
      ::skewbench::device::cudnn_failed(#__VA_ARGS__, cudnn_call_status_, __FILE__, __LINE__);       \
  } while (0)

/// The calling thread's handle for its selected device, set to `stream`. Made at the first call and kept until the process
/// ends: a thread may end after the driver did.
cudnnHandle_t cudnn_on(Stream stream);

/// A cuDNN descriptor and its end. `Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>`
template <class Handle, cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)>
class Descriptor {
 public:
  Descriptor() { CUDNN_CALL(create(&handle_)); }
  ~Descriptor() {
    if (handle_) (void)destroy(handle_);
  }
  Descriptor(Descriptor&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

using TensorDescriptor = Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;

/// A dense float32 tensor [n,h,w,c]. Throws with the sizes where one does not fit into cuDNN's int.
TensorDescriptor nhwc_descriptor(int64_t n, int64_t h, int64_t w, int64_t c);

}  // namespace skewbench::device
#endif
