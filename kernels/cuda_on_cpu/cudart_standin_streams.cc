// Streams and events, as the runtime's functions.
#include <set>

#include "kernels/cuda_on_cpu/cudart_standin.h"
#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/streams.h"

using namespace skewbench::cuda_on_cpu;

struct CUevent_st {
  OperationPointer recorded{};  // the last time; null: never
};

namespace {

std::set<CUevent_st*>& events() {
  static std::set<CUevent_st*>& all = *new std::set<CUevent_st*>;
  return all;
}

bool is_event(cudaEvent_t event) { return events().contains(event); }

}  // namespace

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  ENTER_CALL();
  if (stream == nullptr || (flags != cudaStreamDefault && flags != cudaStreamNonBlocking)) return finish(cudaErrorInvalidValue);
  *stream = create_stream(flags == cudaStreamDefault);
  return finish(cudaSuccess);
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  ENTER_CALL();
  if (!is_stream(stream) || stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread)
    return finish(cudaErrorInvalidResourceHandle);
  destroy_stream(stream);
  return finish(cudaSuccess);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  ENTER_CALL();
  if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
  synchronise(stream);
  return finish(sticky_error());
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  ENTER_CALL();
  if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (!is_idle(stream)) return cudaErrorNotReady;  // no error to remember
  return finish(sticky_error());
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  ENTER_CALL();
  if (!is_stream(stream) || !is_event(event)) return finish(cudaErrorInvalidResourceHandle);
  if (flags != cudaEventWaitDefault) return finish(cudaErrorInvalidValue);
  if (event->recorded != nullptr) enqueue(stream, nullptr, event->recorded);
  return finish(cudaSuccess);
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  ENTER_CALL();
  if (event == nullptr) return finish(cudaErrorInvalidValue);
  *event = *events().insert(new CUevent_st).first;
  return finish(cudaSuccess);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  ENTER_CALL();
  if (events().erase(event) == 0) return finish(cudaErrorInvalidResourceHandle);
  delete event;
  return finish(cudaSuccess);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  ENTER_CALL();
  if (!is_event(event) || !is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
  event->recorded = enqueue(stream, nullptr);
  return finish(cudaSuccess);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  ENTER_CALL();
  if (!is_event(event)) return finish(cudaErrorInvalidResourceHandle);
  finish_operation(event->recorded);
  return finish(sticky_error());
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  ENTER_CALL();
  if (!is_event(event)) return finish(cudaErrorInvalidResourceHandle);
  if (!is_finished(event->recorded)) return cudaErrorNotReady;
  return finish(sticky_error());
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  ENTER_CALL();
  if (milliseconds == nullptr) return finish(cudaErrorInvalidValue);
  for (const cudaEvent_t event : {begin, end})
    if (!is_event(event) || event->recorded == nullptr) return finish(cudaErrorInvalidResourceHandle);
  if (!begin->recorded->is_done || !end->recorded->is_done) return cudaErrorNotReady;
  *milliseconds = std::chrono::duration<float, std::milli>(end->recorded->when - begin->recorded->when).count();
  return finish(cudaSuccess);
}

}  // extern "C"
