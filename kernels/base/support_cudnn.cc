#include "kernels/base/cudnn_support.h"

#ifdef SKEWBENCH_CUDNN
#include <limits>
#include <map>

#include "kernels/base/cuda_check.h"
#include "kernels/base/error.h"

namespace skewbench::device {

void cudnn_failed(const char* call, cudnnStatus_t status, const char* file, int line) {
  char message[512] = "";
  cudnnGetLastErrorString(message, sizeof message);
  const std::string& context = error_context();
  fail("{} failed: {} (status {}{}{}) at {}:{}{}{}", call, cudnnGetErrorString(status), static_cast<int>(status),
       *message ? ": " : "", message, file, line, context.empty() ? "" : ", ", context);
}

namespace {

std::string first_answer() {
  if (const std::string reason = why_unusable(); !reason.empty()) return reason;
  if (properties().is_on_cpu) return "cuDNN has no stand-in on the CPU";
  cudnnHandle_t handle = nullptr;
  const cudnnStatus_t status = cudnnCreate(&handle);
  if (status != CUDNN_STATUS_SUCCESS)
    return fmt::format("cuDNN {} does not start: {} (status {})", cudnnGetVersion(), cudnnGetErrorString(status), static_cast<int>(status));
  (void)cudnnDestroy(handle);
  return "";
}

}  // namespace

std::string why_no_cudnn() {
  static const std::string answer = first_answer();
  return answer;
}

cudnnHandle_t cudnn_on(Stream stream) {
  thread_local std::map<int, cudnnHandle_t> handles;  // by device
  int device = 0;
  CUDA_CALL(cudaGetDevice(&device));
  cudnnHandle_t& handle = handles[device];
  if (!handle) CUDNN_CALL(cudnnCreate(&handle));
  CUDNN_CALL(cudnnSetStream(handle, stream));
  return handle;
}

TensorDescriptor nhwc_descriptor(int64_t n, int64_t h, int64_t w, int64_t c) {
  constexpr int64_t kMost = std::numeric_limits<int>::max();
  // Strides are ints too, and the largest is that of an image.
  REQUIRE(n <= kMost && h <= kMost && w <= kMost && c <= kMost && double(h) * double(w) * double(c) <= double(kMost),
          "cuDNN takes no tensor n={} h={} w={} c={}: extents and strides must be below 2^31", n, h, w, c);
  TensorDescriptor result;
  CUDNN_CALL(cudnnSetTensor4dDescriptor(result.get(), CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, static_cast<int>(n), static_cast<int>(c),
                                        static_cast<int>(h), static_cast<int>(w)));
  return result;
}

}  // namespace skewbench::device

#else

namespace skewbench::device {

std::string why_no_cudnn() { return "skewbench was built without cuDNN"; }

}  // namespace skewbench::device
#endif
