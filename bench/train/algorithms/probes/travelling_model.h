// Probe: a model travels, is evaluated on its host's training data, and changes a knob everywhere.
//   every third step each host compares its neighbour's model with its own on 5 of its training samples; if foreign models
//   lose more on average, all workers halve their knob, otherwise they raise it by a tenth;   x_i <- x_i - knob lr g_i
#pragma once

#include "bench/train/algorithms/algorithm.h"

namespace skewbench::train {

template <class T>
class TravellingModel : public Algorithm<T> {
 public:
  explicit TravellingModel(Run<T>& run)
      : knob_(run.state().declare_global("knob", ScalarType::f64, 1, Holds::record)),
        channel_(run.exchange().open({.name = "traveller", .element_bytes = sizeof(T), .bound = run.layout().size()})) {
    run.state().template global<double>(knob_)[0] = 1;
  }

  void step(Run<T>& run) override {
    double& knob = run.state().template global<double>(knob_)[0];
    if (run.step() % 3 == 0) {
      for (int i = run.first(); i < run.last(); ++i) run.exchange().post(channel_, i, {run.x(i), run.layout().size(), 1});
      run.exchange().run(run.step(), {channel_});
      std::vector<double> losses;
      for (int i = run.first(); i < run.last(); ++i) {
        const Batch& host_data = run.draw(i, 5);
        const T* traveller = run.exchange().received(channel_, run.exchange().topology().graph(run.step()).in(i)[0], i).template as<T>();
        losses.push_back(run.task().evaluate(traveller, host_data).loss_sum - run.task().evaluate(run.x(i), host_data).loss_sum);
      }
      double accuracy_loss = 0;
      for (const double loss : run.all_gather(losses)) accuracy_loss += loss;
      knob *= accuracy_loss > 0 ? 0.5 : 1.1;
    }
    for (int i = run.first(); i < run.last(); ++i) {
      run.train(i, run.x(i), run.gradient());
      for (int64_t e = 0; e < run.layout().size(); ++e) run.x(i)[e] -= static_cast<T>(knob * run.lr()) * run.gradient()[e];
    }
  }

 private:
  int knob_, channel_;
};

}  // namespace skewbench::train
