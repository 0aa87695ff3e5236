// A task: what a worker minimises. Dimension, layout of the flat vector, initial vector, gradient and evaluation.
//
// One task object serves all workers of a rank, one after the other: it keeps buffers and library handles, nothing of a
// worker. So the same parameters and samples give the same bits whoever asks, and memory does not grow with workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/augment/augment.h"
#include "kernels/base/layout.h"
#include "kernels/base/memory.h"

namespace skewbench::train {

/// Samples on the host: `count` of them, one after the other, each of the data set's SampleShape. The owner is whoever
/// filled it: a data feed, or a message from a neighbour.
struct Batch {
  int64_t count = 0;
  const std::byte* samples = nullptr;  ///< count x sample bytes; may be null for tasks whose samples are indices
  const int32_t* labels = nullptr;     ///< [count]
  const float* weights = nullptr;      ///< [count] sample weights; null: all 1
  const augment::Change* changes = nullptr;  ///< [count], still to be made to the images; null: none. Only for tasks that change_images()
};

struct Evaluation {
  double loss_sum = 0;      ///< sum of the losses over the samples
  int64_t correct = 0;      ///< top-1; meaningless where the task has no classes
  int64_t count = 0;
};

template <class T>
class Task {
 public:
  virtual ~Task() = default;

  virtual const Layout& layout() const = 0;
  virtual double flops_per_sample() const = 0;  ///< forward and backward, by the suite's convention; 0 if not meaningful
  virtual bool has_classes() const = 0;

  /// Where parameters and gradients lie. Samples lie on the host.
  virtual Memory memory() const { return {}; }

  /// Whether images are changed after they have crossed to a device, instead of by the feed.
  virtual bool changes_images() const { return false; }

  /// Allocates what batches of so many samples will need, so that a device too small for it is found before the first step.
  virtual void reserve(int64_t) {}

  /// Writes the initial vector [layout().size()] on the host, gaps zero; the same for every worker.
  virtual void initial_parameters(uint64_t seed, T* parameters) const = 0;

  /// Writes the whole gradient [layout().size()] of sum_i w_i loss_i / count at `parameters` and returns that loss.
  /// Gaps are zero; the range of a running statistic receives the statistic of this batch, which the optimiser folds in.
  virtual double loss_and_gradient(const T* parameters, const Batch& batch, T* gradient) = 0;

  /// The same for a caller that goes on at once: a device may still be at it. `loss` is there after settle() and must live until
  /// then; the samples may be changed at once, and what the device does later sees the gradient.
  virtual void enqueue_gradient(const T* parameters, const Batch& batch, T* gradient, double& loss) {
    loss = loss_and_gradient(parameters, batch, gradient);
  }
  virtual void settle() {}

  /// Sums over all samples, in inner batches of the task's choice; running statistics as they stand in `parameters`.
  virtual Evaluation evaluate(const T* parameters, const Batch& samples) = 0;
};

}  // namespace skewbench::train
