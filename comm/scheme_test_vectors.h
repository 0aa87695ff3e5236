// Vectors for the tests of the schemes: the same for every placement, different for every worker and step.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "comm/exchange/placement.h"
#include "kernels/base/compare.h"
#include "kernels/base/memory.h"
#include "kernels/base/random.h"

namespace skewbench {

template <class T>
std::vector<T> random_vector(int worker, int64_t step, int64_t count) {
  Random random(17, static_cast<uint32_t>(worker), static_cast<uint32_t>(step), Purpose::probe);
  std::vector<T> values;
  for (int64_t e = 0; e < count; ++e) values.push_back(static_cast<T>(random.normal()));
  return values;
}

/// Of all workers, in worker order.
template <class T>
std::vector<std::vector<T>> random_vectors(int workers, int64_t step, int64_t count) {
  std::vector<std::vector<T>> all;
  for (int i = 0; i < workers; ++i) all.push_back(random_vector<T>(i, step, count));
  return all;
}

/// The vectors of this rank's workers on a device.
class DeviceVectors {
 public:
  DeviceVectors(Memory memory, const exchange::Placement& placement, int64_t count) : memory_(memory), first_(placement.first()), count_(count) {
    for (int i = 0; i < placement.local(); ++i) vectors_.emplace_back(memory, count);
  }
  float* of(int worker) { return vectors_[static_cast<std::size_t>(worker - first_)].data(); }
  void set(int worker, const std::vector<float>& values) { memory_.upload(of(worker), values.data(), 4 * count_); }
  std::vector<float> get(int worker) {
    std::vector<float> values(static_cast<std::size_t>(count_));
    memory_.download(values.data(), of(worker), 4 * count_);
    return values;
  }
  /// Bits of every local worker against those of all workers in one process.
  void expect(const std::vector<std::vector<float>>& want, const std::string& what) {
    for (int i = first_; i < first_ + static_cast<int>(std::ssize(vectors_)); ++i) {
      const std::vector<float> got = get(i);
      const Comparison same = compare_bits(std::span<const float>(got), std::span<const float>(want[static_cast<std::size_t>(i)]));
      ASSERT_TRUE(same.ok) << what << " worker " << i << ": " << same.summary;
    }
  }

 private:
  Memory memory_;
  int first_;
  int64_t count_;
  std::vector<Buffer<float>> vectors_;
};

}  // namespace skewbench
