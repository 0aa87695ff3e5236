// The CUDA device as the rest of the suite sees it: memory, copies, streams, events. No CUDA header is needed to include
// this, so code that only passes device pointers on is compiled by the ordinary compiler.
//
// Built only where nvcc is (device_cuda.cc). A pointer to device memory must never be read or written by the host: under
// kernels/cuda_on_cpu, where device memory lies behind addresses that the host cannot touch, that is a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "kernels/base/stream.h"

struct CUevent_st;

namespace skewbench::device {

struct Properties {
  std::string name;
  int major = 0, minor = 0;      ///< compute capability
  int multiprocessors = 0;
  int64_t memory_bytes = 0;
  int64_t cache_bytes = 0;             ///< of the last level, which all multiprocessors share
  int64_t shared_bytes_per_block = 0;  ///< with opt-in
  bool is_on_cpu = false;        ///< translated kernels on the CPU: nothing about it is a GPU timing
};

/// Empty where a CUDA program can run; otherwise one sentence that says what is missing (no device, a driver older than
/// the toolkit, a device below sm_80).
std::string why_unusable();

/// Makes device `index % count` the calling thread's. Throws why_unusable().
void select(int index);

Properties properties();  ///< of the selected device
int count();              ///< devices that this process sees

/// Device memory, 256-byte aligned. Throws with the sizes where there is not enough; zero bytes give null.
void* allocate(int64_t bytes);
void release(void* pointer) noexcept;
/// Page-locked host memory: what an asynchronous copy needs to be one.
void* allocate_pinned(int64_t bytes);
void release_pinned(void* pointer) noexcept;

/// Asynchronous on `stream`; host memory must stay unchanged until the stream was waited for.
void copy_to_device(void* device, const void* host, int64_t bytes, Stream stream);
void copy_to_host(void* host, const void* device, int64_t bytes, Stream stream);
void copy_on_device(void* to, const void* from, int64_t bytes, Stream stream);
void fill_bytes(void* device, int value, int64_t bytes, Stream stream);

void wait(Stream stream);  ///< returns when everything on the stream is done; throws what went wrong there

/// A stream of its own, not ordered against the default stream.
class OwnedStream {
 public:
  OwnedStream();
  ~OwnedStream();
  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;
  Stream get() const { return stream_; }

 private:
  Stream stream_ = nullptr;
};

/// A point in a stream that another stream can wait for, or that is timed.
class Event {
 public:
  Event();
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(Stream stream);
  void hold(Stream stream);           ///< `stream` goes on only after this event
  void wait();                        ///< the host waits
  double seconds_since(Event& start); ///< both recorded and done

 private:
  CUevent_st* event_ = nullptr;
};

/// `size` elements of device memory, not initialised.
template <class T>
class Array {
 public:
  Array() = default;
  explicit Array(int64_t size) : data_(static_cast<T*>(allocate(size * static_cast<int64_t>(sizeof(T))))), size_(size) {}
  ~Array() { release(data_); }
  Array(Array&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  T* data() { return data_; }
  const T* data() const { return data_; }
  int64_t size() const { return size_; }
  int64_t bytes() const { return size_ * static_cast<int64_t>(sizeof(T)); }

 private:
  T* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace skewbench::device
