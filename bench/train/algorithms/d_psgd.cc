// D-PSGD, adapt then combine:
//   h_i = sgd_step(x_i)            local, with the worker's own Nesterov momentum m_i, or none
//   x_i = sum_j w_ij h_j           over i and its in-neighbours, Metropolis-Hastings weights
//
// Lian et al., "Can decentralized algorithms outperform centralized algorithms?", NeurIPS 2017; in the order of
// epfml/relaysgd algorithms.py gossip ("DP-SGD") and epfml/quasi-global-momentum decentralized_sgd.py ("DSGDm-N").
#include "bench/train/algorithms/algorithm.h"
#include "bench/train/algorithms/local_step.h"
#include "comm/gossip/gossip.h"

namespace skewbench::train {

template <class T>
class DPsgd : public Algorithm<T> {
 public:
  explicit DPsgd(Run<T>& run) : gossip_(run.exchange(), run.exchanged()), local_(run, "d_psgd") {}

  void step(Run<T>& run) override {
    const auto half = [&](int i) { return local_.half(i); };
    local_.take(run.local(/*those_that_cross=*/true));
    gossip_.begin(run.step(), half);
    local_.take(run.local(/*those_that_cross=*/false));  // while the others' messages are under way
    gossip_.end(half, [&](int i) { return run.x(i); });
  }

 private:
  gossip::Gossip<T> gossip_;
  LocalStep<T> local_;
};

template <class T>
std::unique_ptr<Algorithm<T>> make_d_psgd(Run<T>& run) {
  return std::make_unique<DPsgd<T>>(run);
}
template std::unique_ptr<Algorithm<float>> make_d_psgd(Run<float>&);
template std::unique_ptr<Algorithm<double>> make_d_psgd(Run<double>&);

}  // namespace skewbench::train
