// The first half of adapt-then-combine: h_i = sgd_step(x_i) on local workers, each with a Nesterov momentum of its own that
// stays local, or none. What the workers then agree on is the algorithm's.
#pragma once

#include <string>
#include <vector>

#include "bench/train/run.h"

namespace skewbench::train {

template <class T>
class LocalStep {
 public:
  /// Declares the half steps, and the momenta unless --momentum is 0, as state of `algorithm`.
  LocalStep(Run<T>& run, const std::string& algorithm)
      : run_(run), half_(run.state().declare_worker(algorithm + ".half_step", scalar_type<T>(), run.layout().size())) {
    if (run.hyper().momentum != 0)
      momentum_ = run.state().declare_worker(algorithm + ".momentum", scalar_type<T>(), run.layout().size());
  }

  /// Takes the step of these workers; what is not exchanged goes back to x_i at once.
  void take(const std::vector<int>& workers) {
    for (const int i : workers) {
      T* momentum = momentum_ < 0 ? nullptr : run_.state().template worker<T>(momentum_, i).data();
      run_.train(i, run_.x(i), run_.gradient());
      run_.sgd_step(run_.x(i), run_.gradient(), momentum, half(i));
      run_.copy_unexchanged(half(i), run_.x(i));
    }
  }

  T* half(int worker) { return run_.state().template worker<T>(half_, worker).data(); }

 private:
  Run<T>& run_;
  int half_, momentum_ = -1;
};

}  // namespace skewbench::train
