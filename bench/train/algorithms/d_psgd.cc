// D-PSGD, adapt then combine:
//   h_i = sgd_step(x_i)            local, with the worker's own Nesterov momentum m_i, or none
//   x_i = sum_j w_ij h_j           over i and its in-neighbours, Metropolis-Hastings weights
//
// Lian et al., "Can decentralized algorithms outperform centralized algorithms?", NeurIPS 2017; in the order of
// epfml/relaysgd algorithms.py gossip ("DP-SGD") and epfml/quasi-global-momentum decentralized_sgd.py ("DSGDm-N").
#include "bench/train/algorithms/algorithm.h"
#include "comm/gossip/gossip.h"

namespace skewbench::train {

template <class T>
class DPsgd : public Algorithm<T> {
 public:
  explicit DPsgd(Run<T>& run)
      : gossip_(run.exchange(), run.exchanged()),
        half_(run.state().declare_worker("d_psgd.half_step", scalar_type<T>(), run.layout().size())) {
    if (run.hyper().momentum != 0)
      momentum_ = run.state().declare_worker("d_psgd.momentum", scalar_type<T>(), run.layout().size());
  }

  void step(Run<T>& run) override {
    const auto half = [&](int i) { return run.state().template worker<T>(half_, i).data(); };
    for (int i = run.first(); i < run.last(); ++i) {
      T* momentum = momentum_ < 0 ? nullptr : run.state().template worker<T>(momentum_, i).data();
      run.train(i, run.x(i), run.gradient());
      run.sgd_step(run.x(i), run.gradient(), momentum, half(i));
      run.copy_unexchanged(half(i), run.x(i));
    }
    gossip_.run(run.step(), half, [&](int i) { return run.x(i); });
  }

 private:
  gossip::Gossip<T> gossip_;
  int half_, momentum_ = -1;
};

template <class T>
std::unique_ptr<Algorithm<T>> make_d_psgd(Run<T>& run) {
  return std::make_unique<DPsgd<T>>(run);
}
template std::unique_ptr<Algorithm<float>> make_d_psgd(Run<float>&);
template std::unique_ptr<Algorithm<double>> make_d_psgd(Run<double>&);

}  // namespace skewbench::train
