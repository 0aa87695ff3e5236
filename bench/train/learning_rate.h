// The learning rate over a run: `constant`, or parts with commas between them:
//   warmup:EPOCHS        linear from 0 to the base rate over so many epochs, step by step
//   decay:EPOCH:FACTOR   from that epoch on, times FACTOR
#pragma once

#include <string>
#include <vector>

namespace skewbench::train {

class LearningRate {
 public:
  /// Refuses a rate that is not positive, and a schedule that is not of the form above, naming the part.
  LearningRate(double base, const std::string& schedule);

  /// At a step; epochs are fractional: step / steps_per_epoch. The first step of a warm-up has rate 0, as in
  /// epfml/relaysgd (its learning-rate schedule is evaluated before the step).
  double at(double epoch) const;

 private:
  struct Decay {
    double epoch, factor;
  };
  double base_, warmup_epochs_ = 0;
  std::vector<Decay> decays_;
};

}  // namespace skewbench::train
