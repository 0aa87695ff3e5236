#include "bench/train/models/layers.h"

#include "bench/train/models/kernel_sets.h"
#include "bench/train/models/layer_classes.h"

namespace skewbench::train {
namespace {

template <class K>
class HostNetworkKernels : public NetworkKernels<typename K::Scalar> {
  using T = typename K::Scalar;

 public:
  Memory memory() const override { return {}; }
  int64_t samples_at_once(int64_t in_cache) const override { return in_cache; }
  std::unique_ptr<Layer<T>> make_layer(const Architecture& architecture, const LayerNode& node) override {
    return train::make_layer(kernels_, architecture, node);
  }
  LabelledImages<T> stage(const LabelledImages<T>& samples, const Shape&, int64_t) override { return samples; }  // the loss looks at the labels

  void image_to_real(int64_t pixels, int64_t channels, const uint8_t* images, const T* mean, const T* scale, T* out) override {
    kernels_.image_to_real(pixels, channels, images, mean, scale, out);
  }
  void add(int64_t count, const T* a, const T* b, T* out) override { kernels_.add(count, a, b, out); }
  void loss_and_gradient(const LabelledImages<T>& samples, int64_t classes, const T* logits, double normaliser, T* losses, T* dlogits,
                         double& loss) override {
    loss += kernels_.loss_and_gradient(samples.count, classes, logits, samples.labels, samples.weights, normaliser, losses, dlogits);
  }
  void evaluate(const LabelledImages<T>& samples, int64_t classes, const T* logits, double& loss, int64_t& correct) override {
    const auto part = kernels_.evaluate(samples.count, classes, logits, samples.labels);
    loss += part.loss_sum;
    correct += part.correct;
  }
  void settle() override {}

 private:
  K kernels_;
};

}  // namespace

template <>
std::unique_ptr<NetworkKernels<float>> make_kernels(Kernels kernels) {
  if (kernels == Kernels::host) return std::make_unique<HostNetworkKernels<HostKernels>>();
  return std::make_unique<HostNetworkKernels<RefKernels<float>>>();
}

template <>
std::unique_ptr<NetworkKernels<double>> make_kernels(Kernels) {
  return std::make_unique<HostNetworkKernels<RefKernels<double>>>();
}

}  // namespace skewbench::train
