// Copies from global to shared memory that bypass the registers and run beside the arithmetic (cp.async, sm_80).
#pragma once

namespace skewbench::device {

/// Starts copying kBytes (4 or 16, both addresses multiples of it) to shared memory; unless `is_read`, fills with zeros, and
/// `global` may be any address.
/// Through the first-level cache: neighbouring taps of a convolution read the same inputs again.
template <int kBytes>
__device__ void copy_async(float* shared, const float* global, bool is_read) {
  static_assert(kBytes == 4 || kBytes == 16, "cp.async.ca moves 4, 8 or 16 bytes");
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(global), "n"(kBytes), "r"(is_read ? kBytes : 0) : "memory");
}

/// Waits for all copies that the calling thread started. Other threads see them only behind a barrier.
__device__ inline void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

}  // namespace skewbench::device
