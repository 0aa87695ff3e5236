// The execution of one layer on a batch, and what else of a set of kernels a network uses: what network.h runs.
#pragma once

#include <cstdint>
#include <memory>

#include "bench/train/models/architecture.h"
#include "kernels/augment/augment.h"
#include "kernels/base/memory.h"

namespace skewbench::train {

enum class Kernels { host, ref };  ///< the host's production kernels, or plain loops

/// Which statistics batch norm uses, and whether something follows backward.
enum class Pass { training, evaluation };

/// A layer keeps what its kernels need from one call to the next (plans, laid-out filters, statistics of the batch),
/// nothing of a worker: set_parameters() replaces all of it. All arrays lie in the memory of its kernels. T = double has
/// Kernels::ref only and serves the gradient tests.
template <class T>
class Layer {
 public:
  virtual ~Layer() = default;

  /// Views into a flat vector that stays valid and unchanged until the next call.
  virtual void set_parameters(const T* parameters) = 0;

  /// n samples; residual is null for layers without one. y overlaps neither.
  virtual void forward(int64_t n, const T* x, const T* residual, T* y, Pass pass) = 0;

  /// After forward() in training on the same x and y. dy [n, output] may be overwritten. dx is overwritten, or null when
  /// it is not wanted; with gradient_in_place() it may be dy. dresidual is null for layers without one. The layer's
  /// range of the flat vector `gradient` is overwritten, or with accumulate added to (a running statistic: overwritten).
  virtual void backward(int64_t n, const T* x, const T* y, T* dy, T* dx, T* dresidual, T* gradient,
                        bool accumulate) = 0;

  virtual bool gradient_in_place() const { return false; }
};

/// `count` samples: images [count, h, w, c], labels [count], weights [count] or null for all 1, changes [count] that a device
/// is to make to the images, or null.
template <class T>
struct LabelledImages {
  int64_t count;
  const uint8_t* images;
  const int32_t* labels;
  const T* weights;
  const augment::Change* changes = nullptr;
};

/// A set of kernels as a network uses it. Its memory holds parameters, gradients and activations. Where that is a device's,
/// calls enqueue: what they add to `loss` and `correct` is there after settle(), and both must live until then.
template <class T>
class NetworkKernels {
 public:
  virtual ~NetworkKernels() = default;

  virtual Memory memory() const = 0;
  /// How many samples are taken at a time where a batch may be cut up; `in_cache`: what the model asks for on the host.
  virtual int64_t samples_at_once(int64_t in_cache) const = 0;
  virtual std::unique_ptr<Layer<T>> make_layer(const Architecture& architecture, const LayerNode& node) = 0;

  /// Host arrays -> where kernels read them, valid until the next call. Refuses labels outside [0, classes).
  virtual LabelledImages<T> stage(const LabelledImages<T>& samples, const Shape& image, int64_t classes) = 0;

  // As the kernels of those names, all arrays staged or in memory().
  virtual void image_to_real(int64_t pixels, int64_t channels, const uint8_t* images, const T* mean, const T* scale, T* out) = 0;
  virtual void add(int64_t count, const T* a, const T* b, T* out) = 0;
  virtual void loss_and_gradient(const LabelledImages<T>& samples, int64_t classes, const T* logits, double normaliser, T* losses,
                                 T* dlogits, double& loss) = 0;
  virtual void evaluate(const LabelledImages<T>& samples, int64_t classes, const T* logits, double& loss, int64_t& correct) = 0;
  virtual void settle() = 0;
};

/// On the host.
template <class T>
std::unique_ptr<NetworkKernels<T>> make_kernels(Kernels kernels);

/// On the device, in the order of its queue, which must outlive them.
std::unique_ptr<NetworkKernels<float>> make_cuda_kernels(device::Queue& queue);

}  // namespace skewbench::train
