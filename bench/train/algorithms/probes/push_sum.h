// Probe: a scalar weight on a directed graph that changes each step. Push-sum with one peer:
//   send x_i / 2 and w_i / 2;   x_i <- x_i / 2 + what arrived, w_i likewise;   the gradient is taken at x_i / w_i
#pragma once

#include "bench/train/algorithms/algorithm.h"

namespace skewbench::train {

template <class T>
class PushSum : public Algorithm<T> {
 public:
  explicit PushSum(Run<T>& run) {
    half_ = run.state().declare_worker("half", scalar_type<T>(), run.layout().size());
    ratio_ = run.state().declare_worker("ratio", scalar_type<T>(), run.layout().size());
    weight_ = run.state().declare_worker("weight", ScalarType::f64, 1, Holds::record);
    model_ = run.exchange().open({.name = "model", .element_bytes = sizeof(T), .bound = run.layout().size()});
    scalar_ = run.exchange().open({.name = "weight", .element_bytes = sizeof(double), .bound = 1, .holds = Holds::record});
    for (int i = run.first(); i < run.last(); ++i) run.state().template worker<double>(weight_, i)[0] = 1 + 0.5 * (i % 3);
  }

  void step(Run<T>& run) override {
    const int64_t d = run.layout().size();
    for (int i = run.first(); i < run.last(); ++i) {
      double& weight = run.state().template worker<double>(weight_, i)[0];
      T *half = run.state().template worker<T>(half_, i).data(), *ratio = run.state().template worker<T>(ratio_, i).data();
      for (int64_t e = 0; e < d; ++e) ratio[e] = run.x(i)[e] / static_cast<T>(weight);
      run.train(i, ratio, run.gradient());
      for (int64_t e = 0; e < d; ++e) half[e] = (run.x(i)[e] - static_cast<T>(run.lr()) * run.gradient()[e]) / 2;
      weight /= 2;
      run.exchange().post(model_, i, {half, d, 1});
      run.exchange().post(scalar_, i, {&weight, 1, 1});
    }
    run.exchange().run(run.step(), {model_, scalar_});
    std::vector<double> arrived;
    for (int i = run.first(); i < run.last(); ++i) {
      const int j = run.exchange().topology().graph(run.step()).in(i)[0];  // one sender a step
      const T *half = run.state().template worker<T>(half_, i).data(), *other = run.exchange().received(model_, j, i).template as<T>();
      for (int64_t e = 0; e < d; ++e) run.x(i)[e] = half[e] + other[e];
      arrived.push_back(*run.exchange().received(scalar_, j, i).template as<double>());
    }
    for (int i = run.first(); i < run.last(); ++i)  // only now: workers of this rank read each other's weight in place
      run.state().template worker<double>(weight_, i)[0] += arrived[static_cast<std::size_t>(i - run.first())];
  }

 private:
  int half_, ratio_, weight_, model_, scalar_;
};

}  // namespace skewbench::train
