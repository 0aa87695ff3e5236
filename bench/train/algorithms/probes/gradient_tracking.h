// Probe: two vectors in one exchange. Gradient tracking, combine then adapt:
//   y_i += g_i(x_i) - g_i(previous x_i);   x_i <- sum_j w_ij x_j - lr y_i;   y_i <- sum_j w_ij y_j
#pragma once

#include "bench/train/algorithms/algorithm.h"
#include "comm/gossip/gossip.h"

namespace skewbench::train {

template <class T>
class GradientTracking : public Algorithm<T> {
 public:
  explicit GradientTracking(Run<T>& run) : weights_(topology::metropolis_hastings(run.exchange().topology().graph(0))) {
    for (const char* name : {"tracker", "last_gradient", "mixed_x", "mixed_tracker"})
      arrays_.push_back(run.state().declare_worker(name, scalar_type<T>(), run.layout().size()));
    for (const char* name : {"x", "tracker"})
      channels_.push_back(run.exchange().open({.name = name, .element_bytes = sizeof(T), .bound = run.layout().size()}));
  }

  void step(Run<T>& run) override {
    const int64_t d = run.layout().size();
    const auto array = [&](int which, int i) { return run.state().template worker<T>(arrays_[static_cast<std::size_t>(which)], i).data(); };
    for (int i = run.first(); i < run.last(); ++i) {
      run.train(i, run.x(i), run.gradient());
      for (int64_t e = 0; e < d; ++e) array(0, i)[e] += run.gradient()[e] - array(1, i)[e];
      std::copy_n(run.gradient(), d, array(1, i));
      run.exchange().post(channels_[0], i, {run.x(i), d, 1});
      run.exchange().post(channels_[1], i, {array(0, i), d, 1});
    }
    run.exchange().run(run.step(), channels_);
    for (int i = run.first(); i < run.last(); ++i) {
      const topology::MixingRow& row = weights_.rows[static_cast<std::size_t>(i)];
      gossip::mix_with_neighbours<T>(run.exchange(), channels_[0], row, i, run.x(i), d, 1, array(2, i));
      gossip::mix_with_neighbours<T>(run.exchange(), channels_[1], row, i, array(0, i), d, 1, array(3, i));
    }
    for (int i = run.first(); i < run.last(); ++i) {
      for (int64_t e = 0; e < d; ++e) run.x(i)[e] = array(2, i)[e] - static_cast<T>(run.lr()) * array(0, i)[e];
      std::copy_n(array(3, i), d, array(0, i));
    }
  }

 private:
  topology::MixingMatrix weights_;
  std::vector<int> arrays_, channels_;
};

}  // namespace skewbench::train
