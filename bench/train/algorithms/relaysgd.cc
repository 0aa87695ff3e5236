// RelaySGD ("relaysum-model"):
//   h_i = sgd_step(x_i)                                      local, with the worker's own Nesterov momentum, or none
//   x_i = (h_i + sum of the relayed h_j + (n - C_i) x^0) / n   every h_j as old as j is far (comm/relaysum/relaysum.h)
//
// Vogels et al., NeurIPS 2021, arXiv 2110.04175, algorithm 1; epfml/relaysgd algorithms.py relaysum_model. The initial
// model x^0 stands in for what has not arrived in the first `diameter` steps: the repository's default, used in all
// runs of the paper's table 2 (its README and the paper's listing take the worker's own h_i).
#include <numeric>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/algorithms/local_step.h"
#include "comm/relaysum/relaysum.h"

namespace skewbench::train {

template <class T>
class RelaySgd : public Algorithm<T> {
 public:
  explicit RelaySgd(Run<T>& run) : relaysum_(run.exchange(), run.state(), run.exchanged()), local_(run, "relaysgd") {}

  void step(Run<T>& run) override {
    std::vector<int> all(static_cast<std::size_t>(run.last() - run.first()));
    std::iota(all.begin(), all.end(), run.first());
    local_.take(all);
    relaysum_.run(run.step(), [&](int i) { return local_.half(i); }, run.initial(), [&](int i) { return run.x(i); });
  }

 private:
  relaysum::RelaySum<T> relaysum_;
  LocalStep<T> local_;
};

template <class T>
std::unique_ptr<Algorithm<T>> make_relaysgd(Run<T>& run) {
  return std::make_unique<RelaySgd<T>>(run);
}
template std::unique_ptr<Algorithm<float>> make_relaysgd(Run<float>&);
template std::unique_ptr<Algorithm<double>> make_relaysgd(Run<double>&);

}  // namespace skewbench::train
