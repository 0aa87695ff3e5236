#include "bench/train/learning_rate.h"

#include <sstream>
#include <utility>

#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace skewbench::train {

LearningRate::LearningRate(double base, const std::string& schedule) : base_(base) {
  REQUIRE(base > 0, "--lr must be positive, not {}", base);
  if (schedule == "constant") return;
  REQUIRE(!schedule.empty() && schedule.back() != ',', "--lr-schedule '{}' has an empty part", schedule);
  std::istringstream parts(schedule);
  bool has_warmup = false;
  for (std::string part; std::getline(parts, part, ',');) {
    const auto [name, argument, has_argument] = split_argument(part);
    const auto [first, second, has_second] = split_argument(argument);
    if (name == "warmup" && has_argument && !has_second) {
      REQUIRE(!std::exchange(has_warmup, true), "--lr-schedule '{}' warms up twice", schedule);
      warmup_epochs_ = parse_number(first, "the epochs of '" + part + "'");
      REQUIRE(warmup_epochs_ >= 0, "'{}' in --lr-schedule lasts fewer than 0 epochs", part);
    } else if (name == "decay" && has_second) {
      decays_.push_back({parse_number(first, "the epoch of '" + part + "'"), parse_number(second, "the factor of '" + part + "'")});
      REQUIRE(decays_.back().epoch >= 0 && decays_.back().factor > 0,
              "'{}' in --lr-schedule needs an epoch of at least 0 and a positive factor", part);
    } else {
      fail("--lr-schedule is constant, or warmup:EPOCHS and decay:EPOCH:FACTOR parts with commas between; '{}' is neither", part);
    }
  }
}

double LearningRate::at(double epoch) const {
  double rate = epoch < warmup_epochs_ ? base_ * epoch / warmup_epochs_ : base_;
  for (const Decay& decay : decays_)
    if (epoch >= decay.epoch) rate *= decay.factor;
  return rate;
}

}  // namespace skewbench::train
