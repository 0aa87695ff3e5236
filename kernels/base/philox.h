// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11), for host and device, and the numbers
// that belong to the elements of an array. random.h makes streams of it.
//
// Light enough for .cu files. Integers only, so every device gives the same bits.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define SKEWBENCH_HOST_DEVICE __host__ __device__
#else
#define SKEWBENCH_HOST_DEVICE
#endif

namespace skewbench {

/// What a stream is drawn for. The numbers are part of every result: append, never renumber.
enum class Purpose : uint32_t {
  initial_parameters = 1,
  partition = 2,
  sample_order = 3,
  augmentation = 4,
  evaluation_subset = 5,
  synthetic_data = 6,
  codec = 7,
  fault = 8,
  probe = 9,
  worker_sample = 10,
};

/// 128 bits as four words. Named members, not an array: a thread of the device that indexes an array by a variable keeps it in
/// slow local memory.
struct PhiloxBlock {
  uint32_t a, b, c, d;

  /// Word `index` of the four, in [0, 4).
  SKEWBENCH_HOST_DEVICE uint32_t word(uint32_t index) const {
    return index & 2 ? (index & 1 ? d : c) : (index & 1 ? b : a);
  }
};

/// One block: 128 random bits from a 128-bit counter and a 64-bit key (low word, high word).
SKEWBENCH_HOST_DEVICE inline PhiloxBlock philox(PhiloxBlock counter, uint32_t key_low, uint32_t key_high) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
  constexpr uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter.a, product1 = kMultiplier1 * counter.c;
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter.b ^ key_low, static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter.d ^ key_high, static_cast<uint32_t>(product0)};
    key_low += kWeyl0;
    key_high += kWeyl1;
  }
  return counter;
}

/// A random number for every element of an array, which any thread can draw by itself: element i of the stream has the i-th
/// bits() of Random(seed, worker, step, purpose). The array's element 0 is element `first` of the stream, so the tensors
/// of a flat vector draw from one stream without sharing numbers: first is the tensor's offset.
struct Draws {
  uint32_t key_low, key_high, purpose, worker, step;
  int64_t first;

  static constexpr int64_t kLongest = int64_t{1} << 34;  ///< elements of a stream: 2^32 blocks of four

  /// `first` is a multiple of 4 in [0, kLongest), as every offset of a flat vector's tensors is. Whoever draws checks it.
  Draws(uint64_t seed, uint32_t of_worker, uint32_t of_step, Purpose of_purpose, int64_t of_first = 0)
      : key_low(static_cast<uint32_t>(seed)), key_high(static_cast<uint32_t>(seed >> 32)), purpose(static_cast<uint32_t>(of_purpose)),
        worker(of_worker), step(of_step), first(of_first) {}

  /// The numbers of elements 4 * index .. 4 * index + 3 of the array.
  SKEWBENCH_HOST_DEVICE PhiloxBlock quad(int64_t index) const {
    return philox({static_cast<uint32_t>((first >> 2) + index), purpose, worker, step}, key_low, key_high);
  }
  SKEWBENCH_HOST_DEVICE uint32_t of(int64_t element) const { return quad(element >> 2).word(static_cast<uint32_t>(element & 3)); }
};

}  // namespace skewbench
