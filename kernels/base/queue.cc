#include "kernels/base/queue.h"

#include <algorithm>
#include <cstring>

namespace skewbench::device {

std::byte* PinnedBuffer::at_least(int64_t bytes) {
  if (bytes_ < bytes) {
    release_pinned(std::exchange(data_, nullptr));
    bytes_ = 0;
    data_ = allocate_pinned(bytes);
    bytes_ = bytes;
  }
  return static_cast<std::byte*>(data_);
}

void Queue::upload(void* to, const void* host, int64_t bytes) {
  if (bytes == 0) return;
  Upload& upload = uploads_[uploaded_ % kUploads];
  if (uploaded_ >= kUploads) upload.done.wait();
  ++uploaded_;
  std::byte* const staged = upload.memory.at_least(bytes);
  std::memcpy(staged, host, static_cast<std::size_t>(bytes));
  copy_to_device(to, staged, bytes, stream());
  upload.done.record(stream());
}

void* Queue::scratch(int64_t bytes) {
  if (scratch_.bytes() < bytes) {
    wait(stream());  // a kernel may still use what is given back
    scratch_ = Array<std::byte>();
    scratch_ = Array<std::byte>(bytes);
    fill_bytes(scratch_.data(), 0, bytes, stream());  // kernels read 16 bytes at once, also where they use fewer
  }
  return scratch_.data();
}

}  // namespace skewbench::device
