// Device arrays without guards, and draws at which rounding turns. Included by CUDA tests only.
#pragma once

#include "kernels/base/device_arrays.h"
#include "kernels/quantize/test_values.h"

namespace skewbench::quantize {

/// An array that ends where its allocation ends. Run on the CPU, a read behind it is an error at once, where a guard would only
/// show in what is computed with it. `shift` elements lie in front.
template <class T>
class ExactArray {
 public:
  explicit ExactArray(std::span<const T> values, int64_t shift = 0)
      : given_(values.begin(), values.end()), shift_(shift), memory_(shift + std::ssize(values)) {
    device::copy_to_device(data(), given_.data(), size() * static_cast<int64_t>(sizeof(T)), nullptr);
    device::wait(nullptr);
  }
  T* data() { return memory_.data() + shift_; }
  const T* data() const { return memory_.data() + shift_; }
  int64_t size() const { return memory_.size() - shift_; }

  std::vector<T> download() const {
    std::vector<T> all(static_cast<std::size_t>(size()));
    device::copy_to_host(all.data(), data(), size() * static_cast<int64_t>(sizeof(T)), nullptr);
    device::wait(nullptr);
    return all;
  }
  /// What was given is still there, bit for bit.
  bool unchanged() const { return std::memcmp(download().data(), given_.data(), given_.size() * sizeof(T)) == 0; }

 private:
  std::vector<T> given_;
  int64_t shift_;
  device::Array<T> memory_;
};

}  // namespace skewbench::quantize
