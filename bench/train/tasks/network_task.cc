#include "bench/train/tasks/network_task.h"

#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

const uint8_t* images(const Batch& batch) {
  REQUIRE(batch.samples && batch.labels, "a network needs images and labels; this batch of {} has none", batch.count);
  return reinterpret_cast<const uint8_t*>(batch.samples);
}

}  // namespace

double NetworkTask::loss_and_gradient(const float* parameters, const Batch& batch, float* gradient) {
  double loss = 0;
  enqueue_gradient(parameters, batch, gradient, loss);
  settle();
  return loss;
}

void NetworkTask::enqueue_gradient(const float* parameters, const Batch& batch, float* gradient, double& loss) {
  REQUIRE(!batch.changes || changes_images(), "{} images came with changes to be made on a device, to a network on the host", batch.count);
  network_.enqueue_gradient(parameters, {batch.count, images(batch), batch.labels, batch.weights, batch.changes}, gradient, loss);
}

Evaluation NetworkTask::evaluate(const float* parameters, const Batch& samples) {
  const Network::Evaluation result = network_.evaluate(parameters, samples.count, images(samples), samples.labels);
  return {result.loss_sum, result.correct, samples.count};
}

}  // namespace skewbench::train
