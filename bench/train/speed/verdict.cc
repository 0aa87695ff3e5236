#include "bench/train/speed/verdict.h"

#include <fmt/format.h>

#include <cmath>

#include "bench/train/speed/clock.h"
#include "kernels/base/aligned.h"

namespace skewbench::train {

namespace {

bool is_same(Task<float>& task, Task<float>& reference, const float* parameters, const Batch& batch) {
  AlignedVector<float> got(static_cast<std::size_t>(task.layout().size())), want(got.size());
  const double loss = task.loss_and_gradient(parameters, batch, got.data());
  const double wanted_loss = reference.loss_and_gradient(parameters, batch, want.data());
  double error = 0, length = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    error += std::pow(static_cast<double>(got[i]) - want[i], 2);
    length += std::pow(static_cast<double>(want[i]), 2);
  }
  const bool is_finite = std::isfinite(wanted_loss) && std::isfinite(length);  // infinity is within any share of itself
  return is_finite && length > 0 && std::fabs(loss - wanted_loss) <= 1e-4 * std::fabs(wanted_loss) &&
         std::sqrt(error) <= 1e-3 * std::sqrt(length);
}

}  // namespace

Verdict check_gradient(Task<float>& task, Task<float>& reference, const float* parameters, const std::function<Batch()>& draw) {
  for (int batch = 0; batch < 3; ++batch)
    if (is_same(task, reference, parameters, draw())) return Verdict::passed;
  return Verdict::incorrect;
}

std::string requirement(const std::string& what, bool is_reached) {
  return fmt::format("{}: {}", what, is_reached ? "reached" : "MISSED");
}

std::string quietness(double core_share) {
  return fmt::format("# Each rank had its core for {:.1f} % of the time{}.\n", 100 * core_share,
                     core_share >= kQuietShare ? "" : ": DISTURBED, these are no timings");
}

}  // namespace skewbench::train
