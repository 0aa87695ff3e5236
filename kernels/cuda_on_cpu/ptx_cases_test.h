// What the tests of single instructions have in common: bits of values, comparison, device memory.
#pragma once

#include <cuda_runtime_api.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "kernels/base/cuda_check.h"
#include "kernels/cuda_on_cpu/ptx_reference.h"

namespace skewbench::cuda_on_cpu {

/// Operands and results as they are in registers.
using Bits = uint64_t;

template <class T>
T from_bits(Bits bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// A result narrower than 16 bits fills a register of 16.
template <class T>
Bits to_bits(T value) {
  Bits bits = 0;
  if constexpr (sizeof(T) == 1) {
    const auto wide = static_cast<int16_t>(value);
    std::memcpy(&bits, &wide, sizeof wide);
  } else {
    std::memcpy(&bits, &value, sizeof value);
  }
  return bits;
}

inline bool both_nan(const std::string& type, Bits a, Bits b) {
  if (type == "f32") return std::isnan(from_bits<float>(a)) && std::isnan(from_bits<float>(b));
  if (type == "f64") return std::isnan(from_bits<double>(a)) && std::isnan(from_bits<double>(b));
  const Bits exponent = type.starts_with("b") ? 0x7f80 : 0x7c00;
  const auto nan = [&](Bits half) { return (half & 0x7fff) > exponent; };
  return type.ends_with("f16") && nan(a) && nan(b);
}

/// The payload of a NaN is not compared: PTX leaves it open.
inline bool agree(const std::string& type, Bits a, Bits b) {
  if (a == b) return true;
  if (!type.ends_with("f16x2")) return both_nan(type, a, b);
  const std::string half = type.substr(0, type.size() - 2);
  return agree(half, a & 0xffff, b & 0xffff) && agree(half, a >> 16, b >> 16);
}

/// Words of device memory.
class Device {
 public:
  explicit Device(size_t words) : bytes_(words * sizeof(Bits)) { CUDA_CALL(cudaMalloc(&at_, bytes_)); }
  ~Device() { cudaFree(at_); }
  Device(Device&& from) noexcept : bytes_(from.bytes_), at_(std::exchange(from.at_, nullptr)) {}
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  Bits* get() const { return static_cast<Bits*>(at_); }
  void write(const std::vector<Bits>& from) const { CUDA_CALL(cudaMemcpy(at_, from.data(), bytes_, cudaMemcpyHostToDevice)); }
  std::vector<Bits> read() const {
    std::vector<Bits> result(bytes_ / sizeof(Bits));
    CUDA_CALL(cudaMemcpy(result.data(), at_, bytes_, cudaMemcpyDeviceToHost));
    return result;
  }

 private:
  size_t bytes_;
  void* at_ = nullptr;
};

}  // namespace skewbench::cuda_on_cpu
