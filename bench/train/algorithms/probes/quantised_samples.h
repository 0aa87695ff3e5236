// Probe: quantised samples with labels and sample weights travel, and the receiver computes the gradient on them.
//   i sends its batch, the pixels cut to 4 bits;   x_i <- x_i - lr (g(own batch) + sum_j g(batch of j)) / (degree + 1)
#pragma once

#include <cstring>

#include "bench/train/algorithms/algorithm.h"

namespace skewbench::train {

/// The message [labels int32][weights float][pixels, two to a byte, the higher bits of each] of a batch of u8 samples.
inline std::vector<std::byte> encode_samples(const Batch& batch, int64_t sample_bytes) {
  const int64_t pixels = batch.count * sample_bytes;
  std::vector<std::byte> message(static_cast<std::size_t>(8 * batch.count + pixels / 2));
  std::memcpy(message.data(), batch.labels, static_cast<std::size_t>(4 * batch.count));
  for (int64_t i = 0; i < batch.count; ++i) {
    const float weight = 1.0f / static_cast<float>(1 + i % 2);  // as if every second sample had been sent twice as often
    std::memcpy(message.data() + 4 * (batch.count + i), &weight, 4);
  }
  for (int64_t p = 0; p + 1 < pixels; p += 2)
    message[static_cast<std::size_t>(8 * batch.count + p / 2)] = (batch.samples[p] & std::byte{0xF0}) | (batch.samples[p + 1] >> 4);
  return message;
}

/// Its gradient at x: decodes the pixels to the middle of their 16 levels.
template <class T>
void gradient_on_message(Task<T>& task, const T* x, const std::byte* message, int64_t bytes, int64_t sample_bytes, T* gradient) {
  const int64_t count = bytes / (8 + sample_bytes / 2);
  std::vector<std::byte> samples;
  for (int64_t p = 8 * count; p < bytes; ++p)
    samples.insert(samples.end(), {(message[p] & std::byte{0xF0}) | std::byte{8}, (message[p] << 4) | std::byte{8}});
  const auto* labels = reinterpret_cast<const int32_t*>(message);
  const auto* weights = reinterpret_cast<const float*>(message + 4 * count);
  task.loss_and_gradient(x, {count, samples.data(), labels, weights}, gradient);
}

template <class T>
class QuantisedSamples : public Algorithm<T> {
 public:
  explicit QuantisedSamples(Run<T>& run) : sample_bytes_(run.feed().dataset().shape.bytes()) {
    sum_ = run.state().declare_worker("sum", scalar_type<T>(), run.layout().size());
    channel_ = run.exchange().open({.name = "samples", .bound = run.hyper().batch * (8 + sample_bytes_), .fixed_length = false});
  }

  void step(Run<T>& run) override {
    std::vector<std::vector<std::byte>> messages;
    for (int i = run.first(); i < run.last(); ++i) {
      const Batch& batch = run.draw(i, 1 + (i + run.step()) % run.hyper().batch);
      run.record_loss(i, run.loss_and_gradient(run.x(i), batch, run.state().template worker<T>(sum_, i).data()));
      messages.push_back(encode_samples(batch, sample_bytes_));
      run.exchange().post(channel_, i, {messages.back().data(), std::ssize(messages.back()), 1});
    }
    run.exchange().run(run.step(), {channel_});
    for (int i = run.first(); i < run.last(); ++i) {
      T* sum = run.state().template worker<T>(sum_, i).data();
      const auto senders = run.exchange().topology().graph(run.step()).in(i);
      for (const int j : senders) {
        const exchange::Slice message = run.exchange().received(channel_, j, i);
        gradient_on_message(run.task(), run.x(i), message.as<std::byte>(), message.count, sample_bytes_, run.gradient());
        for (int64_t e = 0; e < run.layout().size(); ++e) sum[e] += run.gradient()[e];
      }
      const T rate = static_cast<T>(run.lr() / static_cast<double>(senders.size() + 1));
      for (int64_t e = 0; e < run.layout().size(); ++e) run.x(i)[e] -= rate * sum[e];
    }
  }

 private:
  int64_t sample_bytes_;
  int sum_, channel_;
};

}  // namespace skewbench::train
