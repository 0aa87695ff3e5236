#include "kernels/mix/mix_cuda.h"

#include "kernels/base/launch.h"
#include "kernels/mix/mix_check.h"

namespace skewbench::mix {
namespace {

template <class T>
std::string any(const Mix<T>& a) {
  try {
    check(a.inputs, a.count, a.out_stride);
  } catch (const Error& error) {
    return error.what();
  }
  int64_t longest = a.out_stride;
  for (const Input<T>& input : a.inputs) longest = std::max(longest, input.stride);
  if (a.count > 256 * device::kMostBlocks || device::product({sizeof(T), a.count, longest}) < 0)
    return fmt::format("{} elements with a stride of {}: too many for a grid", a.count, longest);
  return "";
}

template <class T>
std::string aligned(const Mix<T>& a) {
  if (std::string reason = any(a); !reason.empty()) return reason;
  const auto check_vector = [](const void* data, int64_t stride) -> std::string {
    if (stride != 1) return fmt::format("a stride of {}: 16-byte accesses need 1", stride);
    if (!device::is_aligned(data)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", data);
    return "";
  };
  for (const Input<T>& input : a.inputs)
    if (std::string reason = check_vector(input.data, input.stride); !reason.empty()) return reason;
  return check_vector(a.out, a.out_stride);
}

// The sum so far, between launches. It is not out: that may be an input of a later launch.
template <class T>
int64_t sum_so_far(const Mix<T>& a) {
  return std::ssize(a.inputs) > kInputsPerLaunch ? static_cast<int64_t>(sizeof(T)) * a.count : 0;
}

const device::Version<Mix<float>> kFloat[] = {{1, "strided", any<float>, sum_so_far<float>, v1::mix_float},
                                              {2, "sixteen_bytes", aligned<float>, sum_so_far<float>, v2::mix_float}};
const device::Version<Mix<double>> kDouble[] = {{1, "strided", any<double>, sum_so_far<double>, v1::mix_double},
                                                {2, "sixteen_bytes", aligned<double>, sum_so_far<double>, v2::mix_double}};

}  // namespace

template <>
device::Versions<Mix<float>> mix_versions<float>() { return kFloat; }
template <>
device::Versions<Mix<double>> mix_versions<double>() { return kDouble; }

}  // namespace skewbench::mix
