#include "bench/kernels/arena.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/base/error.h"

namespace skewbench::bench_kernels {
namespace {

std::span<const float> as_floats(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

double root_mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double(value) * double(value);
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

std::string compare_array(const Array& array, const std::vector<std::byte>& got, double tolerance_factor) {
  if (array.is_exact) {
    const auto [where, other] = std::mismatch(got.begin(), got.end(), array.want.begin(), array.want.end());
    return where == got.end() ? "" : fmt::format("{}: byte {} of {} differs from the reference", array.name, where - got.begin(), got.size());
  }
  const auto values = as_floats(got), want = as_floats(array.want);
  const double scale = root_mean_square(want), tolerance = array.tolerance * tolerance_factor;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double bound = tolerance * (std::fabs(double(want[i])) + scale);
    if (!(std::fabs(double(values[i]) - double(want[i])) <= bound))
      return fmt::format("{}: element {} of {} is {:.9g}, the reference has {:.9g}, bound {:.3g}", array.name, i, want.size(), values[i], want[i], bound);
  }
  return "";
}

Arena::Arena(const Contest& contest, const Contestant& contestant, int copies, device::Stream stream)
    : contest_(contest), contestant_(contestant), stream_(stream) {
  for (int copy = 0; copy < copies; ++copy) {
    std::vector<void*> addresses;
    for (const Array& array : contest.arrays) {
      std::byte* const at = allocate(array.bytes);
      if (!array.before.empty()) put(at, array.before.data(), array.bytes);
      addresses.push_back(at);
    }
    sets_.emplace_back(std::move(addresses), contestant.workspace_bytes > 0 ? allocate(contestant.workspace_bytes) : nullptr);
  }
  reset();
}

std::byte* Arena::allocate(int64_t bytes) {
  if (contestant_.place == Place::device) return on_device_.emplace_back(bytes).data();
  return on_host_.emplace_back(static_cast<std::size_t>(bytes)).data();
}

void Arena::put(void* to, const void* from, int64_t bytes) {
  if (contestant_.place == Place::host) {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
    return;
  }
  device::copy_to_device(to, from, bytes, stream_);
  device::wait(stream_);
}

std::vector<std::byte> Arena::get(const void* from, int64_t bytes) const {
  std::vector<std::byte> result(static_cast<std::size_t>(bytes));
  if (contestant_.place == Place::host) {
    std::memcpy(result.data(), from, result.size());
  } else {
    device::copy_to_host(result.data(), from, bytes, stream_);
    device::wait(stream_);
  }
  return result;
}

void Arena::reset() {
  for (std::size_t i = 0; i < contest_.arrays.size(); ++i) {
    const Array& array = contest_.arrays[i];
    if (!array.is_written) continue;
    const std::vector<std::byte> poison(array.before.empty() ? static_cast<std::size_t>(array.bytes) : 0, std::byte{0xFF});  // NaN
    put(sets_[0].at<void>(static_cast<int>(i)), array.before.empty() ? poison.data() : array.before.data(), array.bytes);
  }
}

std::string Arena::check() const {
  for (std::size_t i = 0; i < contest_.arrays.size(); ++i) {
    const Array& array = contest_.arrays[i];
    if (array.is_written && array.want.empty()) continue;  // scratch
    const std::vector<std::byte> got = get(sets_[0].at<void>(static_cast<int>(i)), array.bytes);
    if (!array.is_written) {
      if (!array.before.empty() && got != array.before) return fmt::format("{} is an input and was overwritten", array.name);
      continue;
    }
    if (const std::string difference = compare_array(array, got, contestant_.tolerance_factor); !difference.empty()) return difference;
  }
  return "";
}

int cold_copies(const Contest& contest, int64_t cache_bytes) {
  int64_t bytes = 1;
  for (const Array& array : contest.arrays) bytes += array.bytes;
  return static_cast<int>(std::clamp<int64_t>(2 * cache_bytes / bytes + 1, 2, 64));
}

}  // namespace skewbench::bench_kernels
