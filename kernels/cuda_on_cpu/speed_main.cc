// make bench-cuda-on-cpu: how fast translated kernels are beside the same loops in C++, checks switched off.
//
// Both compute the same convolution, to the bit, on one core, turn by turn; the time is the processor's, not the clock's, so that other
// programs count little. Exit code 1 where a median ratio is below a half or a result differs.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/base/cuda_check.h"
#include "kernels/cuda_on_cpu/findings.h"
#include "kernels/cuda_on_cpu/speed_convolution.h"

namespace skewbench::cuda_on_cpu::speed {
namespace {

constexpr int kRuns = 9;
constexpr double kLeast = 0.5;

double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Work>
double seconds_of(Work work) {
  const double start = processor_seconds();
  work();
  return processor_seconds() - start;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<float> values(size_t count, unsigned seed) {
  std::vector<float> result(count);
  for (float& value : result) value = static_cast<float>((seed = seed * 1664525 + 1013904223) >> 8) * 0x1p-23f - 1;
  return result;
}

float* on_device(const std::vector<float>& from) {
  void* at = nullptr;
  CUDA_CALL(cudaMalloc(&at, from.size() * sizeof(float)));
  CUDA_CALL(cudaMemcpy(at, from.data(), from.size() * sizeof(float), cudaMemcpyHostToDevice));
  return static_cast<float*>(at);
}

struct Case {
  const char* name;
  void (*translated)(const Convolution&);
  void (*loops)(const Convolution&);
};

/// Prints a row; false if the ratio is too low or a result is wrong.
bool measure(const Case& one, Convolution shape) {
  const auto pixels = static_cast<size_t>(shape.n * shape.h * shape.w), outputs = pixels * static_cast<size_t>(shape.k);
  const std::vector<float> x = values(pixels * static_cast<size_t>(shape.c), 1), filter = values(static_cast<size_t>(shape.k * 9 * shape.c), 2);
  std::vector<float> expected(outputs), got(outputs);
  Convolution host = shape, device = shape;
  host.x = x.data(), host.filter = filter.data(), host.y = expected.data();
  device.x = on_device(x), device.filter = on_device(filter), device.y = on_device(got);
  std::vector<double> translated, loops, ratios;
  for (int run = 0; run <= kRuns; ++run) {
    const double a = seconds_of([&] { one.loops(host); });
    const double b = seconds_of([&] { one.translated(device); CUDA_CALL(cudaDeviceSynchronize()); });
    if (run == 0) continue;  // warms up
    loops.push_back(a), translated.push_back(b), ratios.push_back(a / b);
  }
  CUDA_CALL(cudaMemcpy(got.data(), device.y, outputs * sizeof(float), cudaMemcpyDeviceToHost));
  const bool same = std::memcmp(got.data(), expected.data(), outputs * sizeof(float)) == 0, quick = median(ratios) >= kLeast;
  const double products = static_cast<double>(outputs) * 9 * shape.c;
  fmt::print("{:<14} loops {:6.1f} ms ({:.2f} G multiply-adds/s)   translated {:6.1f} ms ({:.2f})   ratio {:.2f}   {}\n", one.name, 1e3 * median(loops),
             1e-9 * products / median(loops), 1e3 * median(translated), 1e-9 * products / median(translated), median(ratios),
             !same ? "INCORRECT" : quick ? "PASSED" : fmt::format("FAILED: below {}", kLeast));
  for (const void* at : {static_cast<const void*>(device.x), static_cast<const void*>(device.filter), static_cast<const void*>(device.y)})
    CUDA_CALL(cudaFree(const_cast<void*>(at)));
  return same && quick;
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu::speed

int main() {
  using namespace skewbench::cuda_on_cpu;
  set_checks(false);
  const speed::Convolution shape{.n = 2, .h = 28, .w = 28, .c = 32, .k = 32, .x = nullptr, .filter = nullptr, .y = nullptr};
  fmt::print("convolution 3x3, n{} h{} w{} c{} k{}, median of {} runs, processor time of one core\n", shape.n, shape.h, shape.w, shape.c, shape.k, speed::kRuns);
  bool passed = true;
  for (const speed::Case& one : {speed::Case{"direct", speed::direct_on_device, speed::direct_in_loops},
                                 speed::Case{"four channels", speed::four_channels_on_device, speed::four_channels_in_loops}})
    passed = speed::measure(one, shape) && passed;
  return passed ? 0 : 1;
}
