// The execution of one layer on a batch: what network.h runs forward and backward.
#pragma once

#include <cstdint>
#include <memory>

#include "bench/train/models/architecture.h"

namespace skewbench::train {

enum class Kernels { host, ref };  ///< production, or plain loops

/// Which statistics batch norm uses, and whether something follows backward.
enum class Pass { training, evaluation };

/// A layer keeps what its kernels need from one call to the next (plans, laid-out filters, statistics of the batch),
/// nothing of a worker: set_parameters() replaces all of it. T = double has Kernels::ref only and serves the
/// gradient tests.
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

template <class T>
std::unique_ptr<Layer<T>> make_layer(const Architecture& architecture, const LayerNode& node, Kernels kernels);

}  // namespace skewbench::train
