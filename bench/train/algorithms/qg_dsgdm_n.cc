// Quasi-global momentum, QG-DSGDm-N:
//   h_i = x_i - lr d_i,  d_i = g_i + beta m'_i,  m'_i = beta m_i + g_i      (Nesterov; m_i itself is kept)
//   y_i = sum_j w_ij h_j
//   m_i = mu m_i + (1 - mu) (x_i - y_i) / lr                                the momentum follows the averaged models
//   x_i = y_i
//
// Lin et al., ICML 2021, arXiv 2102.04761, algorithm 1; epfml/quasi-global-momentum decentralized_qg_sgd.py with its
// default mu = 1 - 0.1 = beta. As in epfml/relaysgd algorithms.py the divisor is max(lr, 1e-8), because a warm-up
// starts at lr = 0. A tensor's learning-rate multiplier is part of its lr.
#include <algorithm>
#include <cmath>

#include "bench/train/algorithms/algorithm.h"
#include "comm/gossip/gossip.h"

namespace skewbench::train {

template <class T>
class QgDsgdmN : public Algorithm<T> {
 public:
  explicit QgDsgdmN(Run<T>& run) : gossip_(run.exchange(), run.exchanged()) {
    REQUIRE(run.hyper().momentum > 0, "qg_dsgdm_n is about its momentum: --momentum must be positive, not {}", run.hyper().momentum);
    const auto declare = [&](const char* name) { return run.state().declare_worker(name, scalar_type<T>(), run.layout().size()); };
    half_ = declare("qg_dsgdm_n.half_step");
    averaged_ = declare("qg_dsgdm_n.averaged");
    momentum_ = declare("qg_dsgdm_n.momentum");
  }

  void step(Run<T>& run) override {
    const auto half = [&](int i) { return run.state().template worker<T>(half_, i).data(); };
    const auto averaged = [&](int i) { return run.state().template worker<T>(averaged_, i).data(); };
    const auto momentum = [&](int i) { return run.state().template worker<T>(momentum_, i).data(); };
    const auto take_local_step = [&](int i) {
      run.train(i, run.x(i), run.gradient());
      run.sgd_step(run.x(i), run.gradient(), momentum(i), half(i), /*update_momentum=*/false);
      run.copy_unexchanged(half(i), averaged(i));
    };
    for (const int i : run.local(/*those_that_cross=*/true)) take_local_step(i);
    gossip_.begin(run.step(), half);
    for (const int i : run.local(/*those_that_cross=*/false)) take_local_step(i);  // while the others' messages are under way
    gossip_.end(half, averaged);
    for (int i = run.first(); i < run.last(); ++i) {
      run.combine({{1, run.x(i)}, {-1, averaged(i)}}, run.layout().statistics_begin(), run.x(i));  // x_i - y_i, rounded once
      follow(run, run.x(i), momentum(i));
      run.copy(averaged(i), run.x(i), run.layout().size());
    }
  }

 private:
  /// m = mu m + (1 - mu) / lr * difference, by ranges of one learning rate; in the gaps all are zero and stay so.
  static void follow(Run<T>& run, const T* difference, T* momentum) {
    const auto mu = static_cast<T>(run.hyper().momentum);
    const auto& tensors = run.layout().tensors();
    const int64_t end = run.layout().statistics_begin();
    for (std::size_t t = 0; t < tensors.size() && tensors[t].offset < end;) {
      const Tensor& first = tensors[t];
      while (t < tensors.size() && tensors[t].lr_multiplier == first.lr_multiplier && tensors[t].offset < end) ++t;
      const int64_t next = t < tensors.size() ? std::min(tensors[t].offset, end) : end;
      const T rate = static_cast<T>((1 - run.hyper().momentum) / std::max(run.lr() * first.lr_multiplier, 1e-8));
      run.combine({{mu, momentum + first.offset}, {rate, difference + first.offset}}, next - first.offset, momentum + first.offset);
    }
  }

  gossip::Gossip<T> gossip_;
  int half_, averaged_, momentum_;
};

template <class T>
std::unique_ptr<Algorithm<T>> make_qg_dsgdm_n(Run<T>& run) {
  return std::make_unique<QgDsgdmN<T>>(run);
}
template std::unique_ptr<Algorithm<float>> make_qg_dsgdm_n(Run<float>&);
template std::unique_ptr<Algorithm<double>> make_qg_dsgdm_n(Run<double>&);

}  // namespace skewbench::train
