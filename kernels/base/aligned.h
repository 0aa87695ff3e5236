// Cache-line aligned arrays, zeroed. The flat vector of a worker and every activation buffer is one of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace skewbench {

inline constexpr std::size_t kAlignment = 64;  // bytes: a cache line, and one AVX-512 register

/// Allocator for std::vector whose memory starts at a multiple of kAlignment.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}
  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(kAlignment)));
  }
  void deallocate(T* pointer, std::size_t) { ::operator delete(pointer, std::align_val_t(kAlignment)); }
  template <class U>
  bool operator==(const AlignedAllocator<U>&) const { return true; }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

/// The smallest multiple of `step` that is >= value; value >= 0, step > 0.
constexpr int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

}  // namespace skewbench
