// SGD with the exact mean gradient, the reference without decentralization:
//   g   = 1/n sum_i g_i(x_i)       in worker order (comm/all_reduce)
//   x_i = sgd_step(x_i, g)         all workers the same, so x and its momentum stay equal on all of them
//
// epfml/relaysgd averages the parameters after local steps instead, which is the same rule in exact arithmetic.
#include "bench/train/algorithms/algorithm.h"
#include "comm/all_reduce/all_reduce.h"

namespace skewbench::train {

template <class T>
class AllReduceSgd : public Algorithm<T> {
 public:
  explicit AllReduceSgd(Run<T>& run)
      : all_reduce_(run.exchange().transport(), run.exchange().placement(), run.meter(), run.exchanged()),
        weight_(static_cast<std::size_t>(run.workers()), 1.0 / run.workers()),
        gradient_(run.state().declare_worker("all_reduce_sgd.gradient", scalar_type<T>(), run.layout().size())) {
    if (run.hyper().momentum != 0)
      momentum_ = run.state().declare_worker("all_reduce_sgd.momentum", scalar_type<T>(), run.layout().size());
  }

  void step(Run<T>& run) override {
    const auto gradient = [&](int i) { return run.state().template worker<T>(gradient_, i).data(); };
    for (int i = run.first(); i < run.last(); ++i) run.train(i, run.x(i), gradient(i));
    const T* mean = all_reduce_.combine(weight_, gradient);
    for (int i = run.first(); i < run.last(); ++i) {
      T* momentum = momentum_ < 0 ? nullptr : run.state().template worker<T>(momentum_, i).data();
      run.copy(mean, gradient(i), run.exchanged());  // behind it: the worker's own batch statistics
      run.sgd_step(run.x(i), gradient(i), momentum, run.x(i));
    }
  }

 private:
  all_reduce::AllReduce<T> all_reduce_;
  std::vector<double> weight_;
  int gradient_, momentum_ = -1;
};

template <class T>
std::unique_ptr<Algorithm<T>> make_all_reduce_sgd(Run<T>& run) {
  return std::make_unique<AllReduceSgd<T>>(run);
}
template std::unique_ptr<Algorithm<float>> make_all_reduce_sgd(Run<float>&);
template std::unique_ptr<Algorithm<double>> make_all_reduce_sgd(Run<double>&);

}  // namespace skewbench::train
