#include "bench/train/models/cuda_kernels.h"
#include "bench/train/models/cuda_operations.h"
#include "bench/train/models/layer_classes.h"
#include "kernels/mix/mix_in_memory.h"
#include "kernels/sgd/sgd_in_memory.h"
#include "kernels/squared_distance/squared_distance.h"

namespace skewbench::train {
namespace {

/// Samples at a time. A GPU wants many; with 256 the largest network here, ResNet-20, has 0.3 GB of activations.
constexpr int64_t kSamplesAtOnce = 256;

class CudaNetworkKernels : public NetworkKernels<float> {
 public:
  explicit CudaNetworkKernels(device::Queue& queue)
      : queue_(queue), kernels_(queue), images_(memory()), changed_(memory()), changes_(memory()), labels_(memory()), weights_(memory()), result_(memory(), 1) {
    results_.at_least(kMostUnderWay * static_cast<int64_t>(sizeof(Result)));
  }

  Memory memory() const override { return Memory(queue_); }
  int64_t samples_at_once(int64_t) const override { return kSamplesAtOnce; }
  std::unique_ptr<Layer<float>> make_layer(const Architecture& architecture, const LayerNode& node) override {
    return train::make_layer(kernels_, architecture, node);
  }

  LabelledImages<float> stage(const LabelledImages<float>& samples, const Shape& image, int64_t classes) override {
    softmax_cross_entropy::check(samples.count, classes, samples.labels);
    const auto up = [&]<class T>(Buffer<T>& buffer, const T* host, int64_t count) {
      memory().upload(buffer.at_least(count), host, bytes_of<T>(count));
      return buffer.data();
    };
    const uint8_t* images = up(images_, samples.images, samples.count * image.size());
    if (samples.changes)
      images = kernels_.augment({image.h, image.w, image.c}, samples.count, images, up(changes_, samples.changes, samples.count),
                                changed_.at_least(samples.count * image.size()));
    return {samples.count, images, up(labels_, samples.labels, samples.count),
            samples.weights ? up(weights_, samples.weights, samples.count) : nullptr};
  }

  void image_to_real(int64_t pixels, int64_t channels, const uint8_t* images, const float* mean, const float* scale, float* out) override {
    kernels_.image_to_real(pixels, channels, images, mean, scale, out);
  }
  void add(int64_t count, const float* a, const float* b, float* out) override { kernels_.add(count, a, b, out); }

  void loss_and_gradient(const LabelledImages<float>& samples, int64_t classes, const float* logits, double normaliser, float* losses,
                         float* dlogits, double& loss) override {
    kernels_.loss_and_gradient(samples.count, classes, logits, samples.labels, samples.weights, normaliser, losses, dlogits,
                               &result_.data()->loss_sum);
    read_back(loss, nullptr);
  }
  void evaluate(const LabelledImages<float>& samples, int64_t classes, const float* logits, double& loss, int64_t& correct) override {
    kernels_.evaluate(samples.count, classes, logits, samples.labels, result_.data());
    read_back(loss, &correct);
  }

  void settle() override {
    if (under_way_.empty()) return;
    memory().wait();
    const Result* result = results();
    for (const UnderWay& sums : under_way_) {
      *sums.loss += result->loss_sum;
      if (sums.correct) *sums.correct += result->correct;
      ++result;
    }
    under_way_.clear();
  }

 private:
  using Result = softmax_cross_entropy::Evaluation;
  struct UnderWay {  // what the i-th result is to be added to
    double* loss;
    int64_t* correct;
  };

  /// The device's result on its way to the host; nothing waits for it before settle().
  void read_back(double& loss, int64_t* correct) {
    if (std::ssize(under_way_) == kMostUnderWay) settle();
    device::copy_to_host(results() + under_way_.size(), result_.data(), sizeof(Result), queue_.stream());
    under_way_.push_back({&loss, correct});
  }
  Result* results() { return reinterpret_cast<Result*>(results_.at_least(0)); }

  static constexpr int64_t kMostUnderWay = 1024;
  device::Queue& queue_;
  CudaKernels kernels_;
  Buffer<uint8_t> images_, changed_;  // the last staged samples
  Buffer<augment::Change> changes_;
  Buffer<int32_t> labels_;
  Buffer<float> weights_;
  Buffer<Result> result_;          // of the last loss or evaluation
  device::PinnedBuffer results_;   // [under_way_]
  std::vector<UnderWay> under_way_;
};

template <class Arguments>
Ladder describe(const device::Operation<Arguments>& operation) {
  Ladder ladder{operation.name, {}, operation.vendor != nullptr};
  for (const auto& version : operation.versions) ladder.rungs.push_back({version.number, version.idea});
  return ladder;
}

}  // namespace

std::unique_ptr<NetworkKernels<float>> make_cuda_kernels(device::Queue& queue) { return std::make_unique<CudaNetworkKernels>(queue); }

std::vector<Ladder> list_ladders() {
  return {
#define LINE(name, arguments, ladder, vendor, standard) describe(cuda_operations::name()),
      SKEWBENCH_CUDA_OPERATIONS(LINE)
#undef LINE
      describe(mix::cuda_operation()), describe(sgd::cuda_operation()), describe(squared_distance::cuda_operation())};
}

}  // namespace skewbench::train
