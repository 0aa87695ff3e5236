// Probe: batch sizes that differ per worker and step, with weighted aggregation:
//   b_i drawn from 1..7;   g = sum_i b_i / (sum of b) g_i;   x <- x - lr (sum of b) / (n B) g
#pragma once

#include "bench/train/algorithms/algorithm.h"
#include "comm/all_reduce/all_reduce.h"
#include "kernels/base/random.h"

namespace skewbench::train {

inline int64_t probe_batch_size(uint64_t seed, int worker, int64_t step) {
  return 1 + static_cast<int64_t>(Random(seed, static_cast<uint32_t>(worker), static_cast<uint32_t>(step), Purpose::probe).below(7));
}

template <class T>
class WeightedBatches : public Algorithm<T> {
 public:
  explicit WeightedBatches(Run<T>& run)
      : all_reduce_(run.exchange().transport(), run.exchange().placement(), run.meter(), run.layout().size()),
        gradient_(run.state().declare_worker("gradient", scalar_type<T>(), run.layout().size())) {}

  void step(Run<T>& run) override {
    const auto gradient = [&](int i) { return run.state().template worker<T>(gradient_, i).data(); };
    std::vector<int64_t> mine;
    for (int i = run.first(); i < run.last(); ++i) {
      mine.push_back(probe_batch_size(run.hyper().seed, i, run.step()));
      run.train(i, run.x(i), gradient(i), mine.back());
    }
    double total = 0;
    std::vector<double> weight;
    for (const int64_t size : run.all_gather(mine)) weight.push_back(static_cast<double>(size)), total += weight.back();
    for (double& share : weight) share /= total;
    const T* mean = all_reduce_.combine(weight, gradient);
    const T rate = static_cast<T>(run.lr() * total / static_cast<double>(run.workers() * run.hyper().batch));
    for (int i = run.first(); i < run.last(); ++i)
      for (int64_t e = 0; e < run.layout().size(); ++e) run.x(i)[e] -= rate * mean[e];
  }

 private:
  all_reduce::AllReduce<T> all_reduce_;
  int gradient_;
};

}  // namespace skewbench::train
