// Where the vectors of a run live: in host memory, or on a CUDA device. What is written over Memory is one program for both.
//
// On the device everything happens in the order of one queue (queue.h) and nothing waits unless it says so. The host must
// never touch what a device pointer names; upload() and download() are the only ways across.
#pragma once

#include <cstdint>
#include <utility>

namespace skewbench {

namespace device {
class Queue;
}

/// What an array holds, which says where it lies: vectors are worked on by kernels and lie in the run's memory; records
/// (counts, knobs, weights) are read and written by the program itself and lie on the host, always.
enum class Holds { vector, record };

/// The host's memory, or a device's with the queue of all work on it. A value, passed and kept freely; the queue outlives it.
class Memory {
 public:
  Memory() = default;
  explicit Memory(device::Queue& queue) : queue_(&queue) {}

  bool on_device() const { return queue_ != nullptr; }
  device::Queue& queue() const { return *queue_; }  ///< only on a device

  /// Both in this memory, not overlapping.
  void copy(void* to, const void* from, int64_t bytes) const;
  void zero(void* to, int64_t bytes) const;
  /// From the host; what `host` points to may be changed at once.
  void upload(void* to, const void* host, int64_t bytes) const;
  /// To the host, where it lies when this returns: waits for everything before.
  void download(void* host, const void* from, int64_t bytes) const;
  /// Returns when all work so far is done; throws what went wrong in it.
  void wait() const;

 private:
  device::Queue* queue_ = nullptr;
};

/// Bytes in a memory, zeroed, aligned to a cache line at least.
class Block {
 public:
  Block() = default;
  Block(Memory memory, int64_t bytes);
  ~Block();
  Block(Block&& other) noexcept { swap(other); }
  Block& operator=(Block&& other) noexcept {
    swap(other);
    return *this;
  }

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  Memory memory() const { return memory_; }

 private:
  void swap(Block& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }
  Memory memory_;
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

/// Elements in a memory, zeroed. Grows where it is asked to; what it held is then lost.
template <class T>
class Buffer {
 public:
  explicit Buffer(Memory memory = {}, int64_t size = 0) : block_(memory, size * static_cast<int64_t>(sizeof(T))) {}

  T* data() { return static_cast<T*>(block_.data()); }
  const T* data() const { return static_cast<const T*>(block_.data()); }
  int64_t size() const { return block_.bytes() / static_cast<int64_t>(sizeof(T)); }
  T* at_least(int64_t size) {
    if (this->size() < size) {
      const Memory memory = block_.memory();
      block_ = Block();  // first, so that the old and the larger one are not both there
      block_ = Block(memory, size * static_cast<int64_t>(sizeof(T)));
    }
    return data();
  }

 private:
  Block block_;
};

}  // namespace skewbench
