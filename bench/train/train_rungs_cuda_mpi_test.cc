// One step of training for each rung of each ladder, named by --kernels: every rung trains, and its step is the host's. The
// ranks share the rungs; each trains its own alone.
// ranks: 2
// environment: SKEWBENCH_CUDA_CHECKS=0
#include <gtest/gtest.h>

#include <cmath>

#include "bench/train/case_string.h"
#include "bench/train/models/cuda_operations.h"
#include "bench/train/short_run.h"
#include "comm/exchange/cuda_mpi_test_main.h"
#include "kernels/base/cudnn_support.h"
#include "kernels/base/device_arrays.h"

namespace skewbench::train {
namespace {

struct Trained {
  const char* model;    // where the operation is part of a step
  const char* options = "";
};

/// A LeNet in which the operation occurs; what no LeNet has, a residual and a global average, is in ResNet-20.
Trained network_with(const std::string& operation, int rung) {
  if (operation == "pooling_forward" && rung == 3) return {"synthetic:4x4x1,4,16,4/resnet20/none"};
  if (operation == "add") return {"synthetic:4x4x1,4,16,4/resnet20/none"};
  if (operation == "augment") return {"synthetic:12x12x1,4,16,4/lenet/group", "/augment=mirror+crop:1"};
  if (operation.starts_with("local_response_norm") || operation.starts_with("relu")) return {"synthetic:12x12x1,4,16,4/lenet/none"};
  if (operation == "batch_norm_backward_frozen" || operation == "batch_norm_forward_inference")
    return {"synthetic:12x12x1,4,16,4/lenet/batch", "/running-stats=frozen"};
  if (operation.starts_with("batch_norm")) return {"synthetic:12x12x1,4,16,4/lenet/batch"};
  return {"synthetic:12x12x1,4,16,4/lenet/group"};
}

/// The tf32 rungs round their factors to 11 bits, and say so; all others are float32-accurate.
bool is_coarse(const Rung& rung) { return rung.idea == "tf32"; }

/// |update on the device - update on the host| / |update on the host| of the two workers together.
double error_of_update(const Outcome& got, const Outcome& want) {
  double difference = 0, length = 0;
  for (std::size_t k = 0; k < got.x.size(); ++k)
    for (std::size_t e = 0; e < got.x[k].size(); ++e) {
      difference += std::pow(static_cast<double>(got.x[k][e]) - want.x[k][e], 2);
      length += std::pow(static_cast<double>(want.x[k][e]) - want.initial[k][e], 2);
    }
  return std::sqrt(difference / length);
}

Outcome one_step(const Trained& trained, const exchange::Communicator& alone, const std::string& options) {
  const Settings settings = check_options(from_case_string(std::string("train:") + trained.model + "/ring/n2/iid/d_psgd/seed3/batch=2/eval-samples=2" +
                                                           "/init=fan-in" + trained.options + options));
  return train(settings, load_case(settings), alone, {.steps = 1, .steps_per_epoch = 1, .evaluate = true});
}

TEST(TrainRungsCuda, EveryRungOfEveryLadderTrains) {
  NEEDS_DEVICE();
  const exchange::Communicator& world = *exchange::test_communicator();
  const exchange::Communicator alone(MPI_COMM_SELF);
  int number = 0;
  for (const Ladder& ladder : list_ladders())
    for (const Rung& rung : ladder.rungs) {
      if (number++ % world.size() != world.rank()) continue;
      const std::string name = ladder.name + "=" + std::to_string(rung.number);
      const Trained trained = network_with(ladder.name, rung.number);
      try {
        const double error = error_of_update(one_step(trained, alone, "/device=cuda/kernels=hand:" + name), one_step(trained, alone, ""));
        EXPECT_LE(error, is_coarse(rung) ? 3e-2 : 1e-4) << name << " " << rung.idea << " on " << trained.model;
      } catch (const Error& refusal) {
        ADD_FAILURE() << name << " " << rung.idea << ": " << refusal.what();
      }
    }
  EXPECT_GT(number, 40) << "ladders are missing";
}

// cuDNN's algorithms sum in other orders, and what it refuses is by hand.
TEST(TrainRungsCuda, TheVendorsKernelsTrain) {
  NEEDS_DEVICE();
  if (const std::string reason = device::why_no_cudnn(); !reason.empty()) GTEST_SKIP() << reason;
  const exchange::Communicator alone(MPI_COMM_SELF);
  for (const char* model : {"lenet/group", "lenet/batch", "resnet20/batch"}) {
    const std::string network = std::string("synthetic:12x12x1,4,16,4/") + model;
    const Trained trained{network.c_str()};
    EXPECT_LE(error_of_update(one_step(trained, alone, "/device=cuda/kernels=vendor"), one_step(trained, alone, "")), 1e-4) << model;
  }
}

}  // namespace
}  // namespace skewbench::train
