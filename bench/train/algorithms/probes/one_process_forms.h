// The one-process form of each probe: all workers' vectors in one array, no exchange, no ranks, no Run.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "bench/train/algorithms/probes/quantised_samples.h"
#include "bench/train/algorithms/probes/sparse_messages.h"
#include "bench/train/algorithms/probes/weighted_batches.h"
#include "bench/train/data_feed.h"
#include "bench/train/tasks/task.h"
#include "comm/topology/topology.h"

namespace skewbench::train {

using Vector = std::vector<float>;

/// What all forms share: the task, every worker's data, and where they start.
struct AllWorkers {
  Task<float>& task;
  DataFeed& feed;  // of workers 0 .. n-1
  const topology::Topology& topology;
  uint64_t seed;
  int64_t batch;
  float lr;
  std::vector<Vector> x;  // [n]

  int n() const { return topology.workers; }
  Vector& at(int i) { return x[static_cast<std::size_t>(i)]; }
  Vector gradient(const Vector& parameters, const Batch& samples) {
    Vector result(parameters.size());
    task.loss_and_gradient(parameters.data(), samples, result.data());
    return result;
  }
};

inline Vector mixed_row(const topology::MixingRow& row, const std::vector<Vector>& v) {
  Vector sum(v[0].size());
  for (std::size_t e = 0; e < sum.size(); ++e) {
    sum[e] = static_cast<float>(row.weight[0]) * v[static_cast<std::size_t>(row.worker[0])][e];
    for (std::size_t k = 1; k < row.worker.size(); ++k)
      sum[e] = std::fma(static_cast<float>(row.weight[k]), v[static_cast<std::size_t>(row.worker[k])][e], sum[e]);
  }
  return sum;
}

inline void gradient_tracking_ref(AllWorkers& all, int64_t steps) {
  const auto weights = topology::metropolis_hastings(all.topology.graph(0));
  std::vector<Vector> tracker(all.x.size(), Vector(all.x[0].size())), last = tracker;
  for (int64_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < all.x.size(); ++i) {
      const Vector g = all.gradient(all.x[i], all.feed.draw(static_cast<int>(i), all.batch));
      for (std::size_t e = 0; e < g.size(); ++e) tracker[i][e] += g[e] - last[i][e];
      last[i] = g;
    }
    const auto old_x = all.x, old_tracker = tracker;
    for (std::size_t i = 0; i < all.x.size(); ++i) {
      all.x[i] = mixed_row(weights.rows[i], old_x);
      for (std::size_t e = 0; e < all.x[i].size(); ++e) all.x[i][e] -= all.lr * old_tracker[i][e];
      tracker[i] = mixed_row(weights.rows[i], old_tracker);
    }
  }
}

inline void push_sum_ref(AllWorkers& all, int64_t steps) {
  std::vector<double> weight;
  for (int i = 0; i < all.n(); ++i) weight.push_back(1 + 0.5 * (i % 3));
  for (int64_t step = 0; step < steps; ++step) {
    auto half = all.x;
    const auto old_weight = weight;
    for (std::size_t i = 0; i < all.x.size(); ++i) {
      Vector ratio = all.x[i];
      for (float& value : ratio) value /= static_cast<float>(weight[i]);
      const Vector g = all.gradient(ratio, all.feed.draw(static_cast<int>(i), all.batch));
      for (std::size_t e = 0; e < g.size(); ++e) half[i][e] = (all.x[i][e] - all.lr * g[e]) / 2;
    }
    for (std::size_t i = 0; i < all.x.size(); ++i) {
      const auto j = static_cast<std::size_t>(all.topology.graph(step).in(static_cast<int>(i))[0]);
      for (std::size_t e = 0; e < half[i].size(); ++e) all.x[i][e] = half[i][e] + half[j][e];
      weight[i] = old_weight[i] / 2 + old_weight[j] / 2;
    }
  }
}

inline void weighted_batches_ref(AllWorkers& all, int64_t steps) {
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<Vector> gradients;
    double total = 0;
    for (int i = 0; i < all.n(); ++i) {
      const int64_t size = probe_batch_size(all.seed, i, step);
      gradients.push_back(all.gradient(all.at(i), all.feed.draw(i, size)));
      total += static_cast<double>(size);
    }
    const float rate = static_cast<float>(static_cast<double>(all.lr) * total / static_cast<double>(all.n() * all.batch));
    for (std::size_t e = 0; e < all.x[0].size(); ++e) {
      float mean = 0;
      for (int i = 0; i < all.n(); ++i) {
        const auto share = static_cast<float>(static_cast<double>(probe_batch_size(all.seed, i, step)) / total);
        const float g = gradients[static_cast<std::size_t>(i)][e];
        mean = i == 0 ? share * g : std::fma(share, g, mean);
      }
      for (Vector& x : all.x) x[e] -= rate * mean;
    }
  }
}

inline void sparse_messages_ref(AllWorkers& all, int64_t steps) {
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<Vector> gradients;
    for (int i = 0; i < all.n(); ++i) gradients.push_back(all.gradient(all.at(i), all.feed.draw(i, all.batch)));
    for (int i = 0; i < all.n(); ++i) {
      for (std::size_t e = 0; e < all.x[0].size(); ++e) all.at(i)[e] -= all.lr * gradients[static_cast<std::size_t>(i)][e];
      for (const int j : all.topology.graph(step).in(i))
        for (const SparseEntry& entry :
             top_of_each_tensor(all.task.layout(), gradients[static_cast<std::size_t>(j)].data(), 1 + (j + 2 * i + step) % 4))
          all.at(i)[static_cast<std::size_t>(entry.index)] -= all.lr * entry.value;
    }
  }
}

inline void quantised_samples_ref(AllWorkers& all, int64_t steps) {
  const int64_t sample_bytes = all.feed.dataset().shape.bytes();
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<std::vector<std::byte>> messages;
    std::vector<Vector> sums;
    for (int i = 0; i < all.n(); ++i) {
      const Batch& batch = all.feed.draw(i, 1 + (i + step) % all.batch);
      sums.push_back(all.gradient(all.at(i), batch));
      messages.push_back(encode_samples(batch, sample_bytes));
    }
    for (int i = 0; i < all.n(); ++i) {
      Vector& sum = sums[static_cast<std::size_t>(i)];
      Vector gradient(sum.size());
      const auto senders = all.topology.graph(step).in(i);
      for (const int j : senders) {
        const auto& message = messages[static_cast<std::size_t>(j)];
        gradient_on_message(all.task, all.at(i).data(), message.data(), std::ssize(message), sample_bytes, gradient.data());
        for (std::size_t e = 0; e < sum.size(); ++e) sum[e] += gradient[e];
      }
      const auto rate = static_cast<float>(static_cast<double>(all.lr) / static_cast<double>(senders.size() + 1));
      for (std::size_t e = 0; e < sum.size(); ++e) all.at(i)[e] -= rate * sum[e];
    }
  }
}

inline void travelling_model_ref(AllWorkers& all, int64_t steps) {
  double knob = 1;
  for (int64_t step = 0; step < steps; ++step) {
    if (step % 3 == 0) {
      double accuracy_loss = 0;
      for (int i = 0; i < all.n(); ++i) {
        const Batch& host_data = all.feed.draw(i, 5);
        const Vector& traveller = all.at(all.topology.graph(step).in(i)[0]);
        accuracy_loss += all.task.evaluate(traveller.data(), host_data).loss_sum - all.task.evaluate(all.at(i).data(), host_data).loss_sum;
      }
      knob *= accuracy_loss > 0 ? 0.5 : 1.1;
    }
    for (int i = 0; i < all.n(); ++i) {
      const Vector g = all.gradient(all.at(i), all.feed.draw(i, all.batch));
      for (std::size_t e = 0; e < g.size(); ++e) all.at(i)[e] -= static_cast<float>(knob * static_cast<double>(all.lr)) * g[e];
    }
  }
}

}  // namespace skewbench::train
