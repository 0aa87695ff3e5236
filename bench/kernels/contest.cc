#include "bench/kernels/contest.h"

#include <fmt/format.h>

#include "kernels/base/random.h"

namespace skewbench::bench_kernels {
namespace {

// Of drawn numbers: drawing hundreds of millions takes longer than measuring. A prime, so that no extent of an array fits it.
constexpr std::size_t kPeriod = 65537;

// Operands of tf32 products have 10 bits behind the leading one instead of 23; 3xtf32 makes up for it, tf32 alone does not.
constexpr double kPlainTf32 = 1 << 13;

}  // namespace

std::string Contestant::name() const {
  return fmt::format("{}/{}{}{}", place == Place::host ? "host" : "device", back_end, version.empty() ? "" : ".", version);
}

std::string Contest::name() const { return fmt::format("{}/{}/n:{}", operation, shape, n); }

Contestant Contest::on_device_contestant(const std::string& back_end, int number, const std::string& idea) {
  Contestant contestant{Place::device, back_end};
  contestant.version = back_end == "hand" ? fmt::format("v{}", number) : "";
  contestant.idea = idea;
  if (idea == "tf32") contestant.tolerance_factor = kPlainTf32;
  return contestant;
}

int Contest::input(const std::string& name, int64_t bytes) {
  arrays.push_back({.name = name, .bytes = bytes});
  return static_cast<int>(arrays.size()) - 1;
}

int Contest::output(const std::string& name, int64_t bytes, double tolerance) {
  arrays.push_back({.name = name, .bytes = bytes, .is_written = true, .tolerance = tolerance});
  return static_cast<int>(arrays.size()) - 1;
}

int Contest::exact_output(const std::string& name, int64_t bytes) {
  arrays.push_back({.name = name, .bytes = bytes, .is_written = true, .is_exact = true});
  return static_cast<int>(arrays.size()) - 1;
}

int Contest::in_place(const std::string& name, int64_t bytes, double tolerance) { return output(name, bytes, tolerance); }

void Contest::normals(int array, uint32_t stream, double scale) {
  const std::span<float> values = before(array);
  Random random(17, stream, 0, Purpose::synthetic_data);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = i < kPeriod ? static_cast<float>(scale * random.normal()) : values[i - kPeriod];
}

void Contest::on_host(const std::string& back_end, const std::string& idea, std::function<void(const Addresses&)> run) {
  Contestant contestant{Place::host, back_end};
  contestant.idea = idea;
  contestant.run = [run = std::move(run)](const Addresses& at, device::Stream) { run(at); };
  contestants.push_back(std::move(contestant));
}

}  // namespace skewbench::bench_kernels
