// A network as a task: u8 images and labels in, cross-entropy out.
#pragma once

#include "bench/train/models/network.h"
#include "bench/train/tasks/task.h"

namespace skewbench::train {

class NetworkTask : public Task<float> {
 public:
  NetworkTask(Architecture architecture, const InputTransform& transform, Kernels kernels)
      : network_(std::move(architecture), transform, kernels) {}
  NetworkTask(Architecture architecture, const InputTransform& transform, std::unique_ptr<NetworkKernels<float>> kernels)
      : network_(std::move(architecture), transform, std::move(kernels)) {}

  const Layout& layout() const override { return network_.layout(); }
  double flops_per_sample() const override { return network_.architecture().flops_per_sample(); }
  bool has_classes() const override { return true; }
  Memory memory() const override { return network_.memory(); }
  bool changes_images() const override { return network_.memory().on_device(); }
  void reserve(int64_t batch) override { network_.prepare(batch); }
  void initial_parameters(uint64_t seed, float* parameters) const override {
    network_.initial_parameters(seed, parameters);
  }

  /// Refuses a batch without samples or labels, and a label that is no class of the network.
  double loss_and_gradient(const float* parameters, const Batch& batch, float* gradient) override;
  void enqueue_gradient(const float* parameters, const Batch& batch, float* gradient, double& loss) override;
  void settle() override { network_.settle(); }
  Evaluation evaluate(const float* parameters, const Batch& samples) override;

  const Network& network() const { return network_; }

 private:
  Network network_;
};

}  // namespace skewbench::train
