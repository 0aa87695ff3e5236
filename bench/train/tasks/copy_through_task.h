// A host task for a run whose vectors are on a device: every vector is copied to the host and back. `--device cuda --kernels ref`
// computes with it, so that the same bits as on the host show that vectors, updates and messages on the device are right.
#pragma once

#include <memory>
#include <utility>

#include "bench/train/tasks/task.h"
#include "kernels/base/aligned.h"

namespace skewbench::train {

class CopyThroughTask : public Task<float> {
 public:
  CopyThroughTask(std::unique_ptr<Task<float>> task, Memory memory)
      : task_(std::move(task)), memory_(memory), parameters_(static_cast<std::size_t>(layout().size())), gradient_(parameters_.size()) {}

  const Layout& layout() const override { return task_->layout(); }
  double flops_per_sample() const override { return task_->flops_per_sample(); }
  bool has_classes() const override { return task_->has_classes(); }
  Memory memory() const override { return memory_; }
  void initial_parameters(uint64_t seed, float* parameters) const override { task_->initial_parameters(seed, parameters); }

  double loss_and_gradient(const float* parameters, const Batch& batch, float* gradient) override {
    const double loss = task_->loss_and_gradient(on_host(parameters), batch, gradient_.data());
    memory_.upload(gradient, gradient_.data(), bytes());
    return loss;
  }
  Evaluation evaluate(const float* parameters, const Batch& samples) override { return task_->evaluate(on_host(parameters), samples); }

 private:
  int64_t bytes() const { return layout().size() * static_cast<int64_t>(sizeof(float)); }
  const float* on_host(const float* parameters) {
    memory_.download(parameters_.data(), parameters, bytes());
    return parameters_.data();
  }

  std::unique_ptr<Task<float>> task_;
  Memory memory_;
  AlignedVector<float> parameters_, gradient_;
};

}  // namespace skewbench::train
