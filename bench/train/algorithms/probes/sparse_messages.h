// Probe: a per-tensor top-k message whose length differs per edge and step.
//   i sends j the k largest entries of its gradient in each tensor, k = 1 + (i + 2 j + step) mod 4, as (index, value);
//   x_i <- x_i - lr (g_i + sum_j what j sent)
#pragma once

#include <algorithm>
#include <numeric>

#include "bench/train/algorithms/algorithm.h"

namespace skewbench::train {

struct SparseEntry {
  int32_t index;
  float value;
};

/// The k largest of each tensor by |value|, ties to the lower index; in tensor order.
inline std::vector<SparseEntry> top_of_each_tensor(const Layout& layout, const float* vector, int64_t k) {
  std::vector<SparseEntry> entries;
  for (const Tensor& tensor : layout.tensors()) {
    std::vector<int32_t> order(static_cast<std::size_t>(tensor.length));
    std::iota(order.begin(), order.end(), static_cast<int32_t>(tensor.offset));
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return std::fabs(vector[a]) > std::fabs(vector[b]); });
    for (int64_t e = 0; e < std::min(k, tensor.length); ++e)
      entries.push_back({order[static_cast<std::size_t>(e)], vector[order[static_cast<std::size_t>(e)]]});
  }
  return entries;
}

template <class T>
class SparseMessages : public Algorithm<T> {
 public:
  explicit SparseMessages(Run<T>& run)
      : channel_(run.exchange().open({.name = "sparse", .addressing = exchange::Addressing::per_edge, .element_bytes = sizeof(SparseEntry),
                                      .bound = run.layout().size(), .fixed_length = false})) {}

  void step(Run<T>& run) override {
    std::vector<std::vector<SparseEntry>> messages;  // alive until the receivers of this rank have read them
    messages.reserve(run.exchange().topology().graph(0).edges().size());
    for (int i = run.first(); i < run.last(); ++i) {
      run.train(i, run.x(i), run.gradient());
      for (const int j : run.exchange().topology().graph(run.step()).out(i)) {
        messages.push_back(top_of_each_tensor(run.layout(), run.gradient(), 1 + (i + 2 * j + run.step()) % 4));
        run.exchange().post(channel_, i, j, {messages.back().data(), std::ssize(messages.back()), 1});
      }
      for (int64_t e = 0; e < run.layout().size(); ++e) run.x(i)[e] -= static_cast<T>(run.lr()) * run.gradient()[e];
    }
    run.exchange().run(run.step(), {channel_});
    for (int i = run.first(); i < run.last(); ++i)
      for (const int j : run.exchange().topology().graph(run.step()).in(i)) {
        const exchange::Slice message = run.exchange().received(channel_, j, i);
        for (int64_t e = 0; e < message.count; ++e)
          run.x(i)[message.as<SparseEntry>()[e].index] -= static_cast<T>(run.lr()) * message.as<SparseEntry>()[e].value;
      }
  }

 private:
  int channel_;
};

}  // namespace skewbench::train
