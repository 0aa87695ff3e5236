// A network on a batch: loss and gradient at a flat vector of parameters, and evaluation.
//
// A batch whose samples do not depend on each other (no batch norm, or a frozen one) is cut into micro-batches, each taken
// forward and backward before the next starts, so that activations stay in the cache; their gradients are added in order.
// The arrays that hold the gradients of activations are reused as soon as their content is consumed. On a device a batch
// is cut up only where its activations would take too much memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/train/models/architecture.h"
#include "bench/train/models/layers.h"
#include "kernels/base/memory.h"

namespace skewbench::train {

/// (byte - mean[c]) * scale[c] is what the network sees.
struct InputTransform {
  std::vector<float> mean, scale;  ///< per channel
};

/// Where the time of a layer went since the network was made.
struct LayerSeconds {
  double forward = 0, backward = 0;
};

/// One network serves all workers of a rank in turn. The same parameters and samples give the same bits, whatever was
/// computed before. T = float; T = double has Kernels::ref only and is there for the gradient tests.
template <class T>
class BasicNetwork {
 public:
  /// Refuses a transform whose channels are not the input's.
  BasicNetwork(Architecture architecture, const InputTransform& transform, std::unique_ptr<NetworkKernels<T>> kernels);
  BasicNetwork(Architecture architecture, const InputTransform& transform, Kernels kernels)
      : BasicNetwork(std::move(architecture), transform, make_kernels<T>(kernels)) {}
  ~BasicNetwork();
  BasicNetwork(const BasicNetwork&) = delete;  // layers hold a reference to the layout in here
  BasicNetwork& operator=(const BasicNetwork&) = delete;

  const Architecture& architecture() const { return architecture_; }
  const Layout& layout() const { return architecture_.layout(); }
  Memory memory() const { return kernels_->memory(); }  ///< of parameters and gradients; samples and losses are the host's
  /// On the host, wherever memory() is.
  void initial_parameters(uint64_t seed, T* parameters) const { architecture_.initial_parameters(seed, parameters); }

  /// Allocates the activations of training batches of so many samples and of evaluations.
  void prepare(int64_t batch) { reserve(architecture_.couples_samples() ? std::max(batch, architecture_.micro_batch) : architecture_.micro_batch); }

  /// images [n,h,w,c], labels [n], weights [n] or null for all 1, losses [n] or null when they are not wanted. Returns
  /// sum_i w_i loss_i / n and writes its gradient [layout().size()], gaps zero; the range of a running statistic gets that
  /// of this batch (mean, unbiased variance), or what it is when statistics are frozen. Refuses n < 1 and labels out of range.
  double loss_and_gradient(const T* parameters, int64_t n, const uint8_t* images, const int32_t* labels,
                           const T* weights, T* gradient, T* losses);
  /// The same for a caller that goes on at once: a device may still be at it. `loss` is there after settle() and must live
  /// until then; samples may be changed at once.
  void enqueue_gradient(const T* parameters, const LabelledImages<T>& samples, T* gradient, double& loss);
  void settle() { kernels_->settle(); }

  struct Evaluation {
    double loss_sum = 0;
    int64_t correct = 0;
  };
  /// Over n samples, in inner batches; batch norm uses the running statistics. A NaN logit counts as wrong.
  Evaluation evaluate(const T* parameters, int64_t n, const uint8_t* images, const int32_t* labels);

  /// Samples at a time, for batches that may be cut up; >= 1.
  void set_micro_batch(int64_t samples);

  /// Per node of the architecture; neither the loss nor the conversion of images is in it.
  const std::vector<LayerSeconds>& layer_seconds() const { return seconds_; }
  double forward_seconds() const { return forward_seconds_; }  ///< conversion and loss included
  double backward_seconds() const { return backward_seconds_; }

 private:
  struct Node;
  void plan_gradients();
  void reserve(int64_t samples);
  void set_parameters(const T* parameters);
  const T* forward(const LabelledImages<T>& staged, Pass pass);
  LabelledImages<T> stage(const LabelledImages<T>& samples, int64_t first, int64_t count);
  void zero_gaps(T* gradient);
  int64_t classes() const { return architecture_.shape(architecture_.activations() - 1).size(); }
  void backward(int64_t n, T* gradient, bool accumulate);
  T* activation(int index) { return activations_[static_cast<std::size_t>(index)].data(); }
  T* slot(int index) { return slots_[static_cast<std::size_t>(index)].data(); }

  Architecture architecture_;
  std::unique_ptr<NetworkKernels<T>> kernels_;
  Buffer<T> mean_, scale_;
  std::vector<Node> nodes_;
  std::vector<Buffer<T>> activations_;
  std::vector<Buffer<T>> slots_;         // gradients of activations; slot 0 starts with that of the logits
  std::vector<int64_t> slot_sizes_;      // of one sample
  int64_t capacity_ = 0;                 // samples that fit
  Buffer<T> losses_;
  std::vector<LayerSeconds> seconds_;
  double forward_seconds_ = 0, backward_seconds_ = 0;
};

using Network = BasicNetwork<float>;

}  // namespace skewbench::train
