#include "bench/kernels/arena.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/base/error.h"

namespace skewbench::bench_kernels {
namespace {

constexpr int64_t kArrayAlignment = 256;  // as cudaMalloc's

std::span<const float> as_floats(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

double root_mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double(value) * double(value);
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

std::string compare_array(const Array& array, const std::vector<std::byte>& got, double tolerance) {
  if (array.is_exact) {
    const auto [where, other] = std::mismatch(got.begin(), got.end(), array.want.begin(), array.want.end());
    return where == got.end() ? "" : fmt::format("{}: byte {} of {} differs from the reference", array.name, where - got.begin(), got.size());
  }
  const auto values = as_floats(got), want = as_floats(array.want);
  const double scale = root_mean_square(want);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double bound = tolerance * (std::fabs(double(want[i])) + scale);
    if (!(std::fabs(double(values[i]) - double(want[i])) <= bound))
      return fmt::format("{}: element {} of {} is {:.9g}, the reference has {:.9g}, bound {:.3g}", array.name, i, want.size(), values[i], want[i], bound);
  }
  return "";
}

Arena::Arena(const Contest& contest, const Contestant& contestant, int copies, device::Stream stream)
    : contest_(contest), contestant_(contestant), stream_(stream) {
  std::vector<int64_t> offsets;
  int64_t set_bytes = 0;
  const auto give_room = [&](int64_t bytes) { offsets.push_back(set_bytes), set_bytes += round_up(bytes, kArrayAlignment); };
  for (const Array& array : contest.arrays) give_room(array.bytes);
  if (contestant.workspace_bytes > 0) give_room(contestant.workspace_bytes);
  std::byte* const memory = allocate(set_bytes * copies);
  for (int copy = 0; copy < copies; ++copy) {
    std::vector<void*> addresses;
    for (const int64_t offset : offsets) addresses.push_back(memory + copy * set_bytes + offset);
    void* workspace = nullptr;
    if (contestant.workspace_bytes > 0) workspace = addresses.back(), addresses.pop_back();
    sets_.emplace_back(std::move(addresses), workspace);
  }
  for (std::size_t i = 0; i < contest.arrays.size(); ++i)
    if (!contest.arrays[i].before.empty()) put(memory + offsets[i], contest.arrays[i].before.data(), contest.arrays[i].bytes);
  reset();
  for (int64_t done = set_bytes; done < set_bytes * copies; done *= 2) copy(memory + done, memory, std::min(done, set_bytes * copies - done));
}

std::byte* Arena::allocate(int64_t bytes) {
  if (contestant_.place == Place::host) return (on_host_ = AlignedVector<std::byte>(static_cast<std::size_t>(bytes))).data();
  return (on_device_ = device::Array<std::byte>(bytes)).data();
}

void Arena::copy(void* to, const void* from, int64_t bytes) {
  if (contestant_.place == Place::host) {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
    return;
  }
  device::copy_on_device(to, from, bytes, stream_);
  device::wait(stream_);
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
    const double tolerance = std::max(array.tolerance * contestant_.tolerance_factor, contestant_.least_tolerance);
    if (const std::string difference = compare_array(array, got, tolerance); !difference.empty()) return difference;
  }
  return "";
}

int cold_copies(const Contest& contest, int64_t cache_bytes) {
  int64_t bytes = 0;
  for (const Array& array : contest.arrays) bytes += round_up(array.bytes, kArrayAlignment);
  return static_cast<int>(std::max<int64_t>(2 * cache_bytes / std::max<int64_t>(bytes, 1) + 1, 2));
}

}  // namespace skewbench::bench_kernels
