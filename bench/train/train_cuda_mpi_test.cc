// Training with everything on a device, three steps on small networks: the same bits on any number of ranks and over any
// transport; with the host's plain loops copied through, the bits of the host; with the device's kernels, close to them.
// ranks: 1 2 3
// environment: SKEWBENCH_CUDA_CHECKS=0
#include <gtest/gtest.h>

#include <cmath>

#include "bench/train/case_string.h"
#include "bench/train/short_run.h"
#include "comm/exchange/cuda_mpi_test_main.h"
#include "kernels/base/compare.h"
#include "kernels/base/device_arrays.h"

namespace skewbench::train {
namespace {

/// Five workers are a multiple of no number of ranks but one. The same algorithms as on the host (train_bits_mpi_test.cc).
const char* const kAlgorithms[] = {"complete/n5/label:60/all_reduce_sgd", "ring/n5/label:60/d_psgd", "ring/n5/label:60/qg_dsgdm_n",
                                   "binary_tree/n5/label:60/relaysgd", "double_binary_trees/n5/iid/d_psgd"};

Outcome run(const std::string& case_string, const exchange::Communicator& communicator) {
  const Settings settings = check_options(from_case_string(case_string));
  return train(settings, load_case(settings), communicator);
}

void expect_same(const std::vector<double>& got, const std::vector<double>& want, const char* what) {
  const Comparison same = compare_bits(std::span(got), std::span(want));
  EXPECT_TRUE(same.ok) << what << ": " << same.summary;
}

void expect_same_vectors(const Outcome& got, const Outcome& want) {
  for (std::size_t k = 0; k < got.x.size(); ++k) {
    const std::size_t i = k + static_cast<std::size_t>(got.first - want.first);
    const Comparison same = compare_bits(std::span(got.x[k]), std::span(want.x[i]));
    EXPECT_TRUE(same.ok) << "worker " << k + static_cast<std::size_t>(got.first) << ": " << same.summary;
    EXPECT_FALSE(compare_bits(std::span(got.x[k]), std::span(got.initial[k])).ok) << "has learnt nothing";
  }
  expect_same(got.train_loss, want.train_loss, "training loss");
  EXPECT_EQ(got.payload, want.payload);
}

void expect_same_evaluation(const EvaluationNumbers& got, const EvaluationNumbers& want) {
  expect_same(got.loss, want.loss, "loss");
  expect_same(got.accuracy, want.accuracy, "accuracy");
  expect_same({got.loss_of_average, got.accuracy_of_average}, {want.loss_of_average, want.accuracy_of_average}, "of the average");
}

std::string case_of(const std::string& model, const std::string& algorithm, const std::string& options) {
  return "train:" + model + "/" + algorithm + "/seed2/batch=3/eval-samples=20/lr=0.1/lr-schedule=warmup:1" + options;
}

// Vectors, updates, mixing, messages, averages on the device; gradients on the host: every bit is the host's.
TEST(TrainCuda, WithTheHostsGradientsItIsTheHostsRun) {
  NEEDS_DEVICE();
  const exchange::Communicator& world = *exchange::test_communicator();
  for (const char* algorithm : kAlgorithms)
    for (const char* options : {"", "/momentum=0.9/running-stats=mixed"}) {
      const std::string_view name(algorithm);
      if (*options && (name.find("double") != name.npos || name.find("qg_") != name.npos)) continue;  // mixed as d_psgd mixes
      const std::string model = *options ? "synthetic:12x12x1,3,60,20/lenet/batch" : "synthetic:6x6x1,3,60,20/mlp/none";
      SCOPED_TRACE(std::string(algorithm) + options);
      const Outcome host = run(case_of(model, algorithm, std::string(options) + "/kernels=ref"), world);
      const Outcome device = run(case_of(model, algorithm, std::string(options) + "/kernels=ref/device=cuda"), world);
      expect_same_vectors(device, host);
      expect_same_evaluation(device.subset, host.subset);
      expect_same_evaluation(device.full, host.full);
      EXPECT_EQ(device.wire, host.wire);
      // The distance is summed in another order.
      EXPECT_NEAR(device.full.consensus_distance, host.full.consensus_distance, 1e-12 * host.full.consensus_distance);
    }
}

TEST(TrainCuda, TheSameBitsOnAnyNumberOfRanks) {
  NEEDS_DEVICE();
  const exchange::Communicator alone(MPI_COMM_SELF);
  for (const char* algorithm : kAlgorithms) {
    SCOPED_TRACE(algorithm);
    const std::string device = case_of("synthetic:6x6x1,3,60,20/mlp/none", algorithm, "/device=cuda");
    const Outcome got = run(device, *exchange::test_communicator()), want = run(device, alone);
    expect_same_vectors(got, want);
    expect_same_evaluation(got.subset, want.subset);
    expect_same_evaluation(got.full, want.full);
    expect_same({got.full.consensus_distance}, {want.full.consensus_distance}, "consensus distance");
  }
}

TEST(TrainCuda, IsCloseToTheHost) {
  NEEDS_DEVICE();
  const exchange::Communicator& world = *exchange::test_communicator();
  const std::pair<const char*, const char*> cases[] = {{"synthetic:6x6x1,3,60,20/mlp/none", ""},
                                                       {"synthetic:12x12x2,3,60,20/lenet/group", "/augment=mirror+crop:2"},
                                                       {"synthetic:12x12x1,3,60,20/lenet/batch", ""}};
  for (const auto& [model, options] : cases) {
    SCOPED_TRACE(model);
    const std::string host = case_of(model, kAlgorithms[1], std::string("/init=fan-in") + options);
    const Outcome got = run(host + "/device=cuda", world), want = run(host, world);
    for (std::size_t k = 0; k < got.x.size(); ++k) {
      double difference = 0, length = 0;
      for (std::size_t e = 0; e < got.x[k].size(); ++e) {
        difference += std::pow(static_cast<double>(got.x[k][e]) - want.x[k][e], 2);
        length += std::pow(static_cast<double>(want.x[k][e]), 2);
      }
      EXPECT_LE(std::sqrt(difference), 1e-4 * std::sqrt(length)) << "worker " << k;
      EXPECT_NEAR(got.train_loss[k], want.train_loss[k], 1e-4 * want.train_loss[k]);
    }
    EXPECT_NEAR(got.full.loss_of_average, want.full.loss_of_average, 1e-4 * want.full.loss_of_average);
    EXPECT_NEAR(got.full.consensus_distance, want.full.consensus_distance, 1e-3 * want.full.consensus_distance);
    EXPECT_EQ(got.payload, want.payload);
    EXPECT_EQ(got.wire, want.wire);
  }
}

TEST(TrainCuda, TheSameBitsOverNccl) {
  NEEDS_DEVICE();
  const exchange::Communicator& world = *exchange::test_communicator();
  exchange::select_device_of_rank();  // runs of one rank take the first
  {
    device::Queue queue;
    const std::string obstacle = exchange::why_no_nccl(world, Memory(queue));
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
  }
  for (const char* algorithm : kAlgorithms) {
    SCOPED_TRACE(algorithm);
    const std::string device = case_of("synthetic:6x6x1,3,60,20/mlp/none", algorithm, "/device=cuda/exchange=");
    const Outcome got = run(device + "nccl", world), want = run(device + "mpi", world);
    EXPECT_EQ(got.transport.substr(0, 4), "NCCL");
    expect_same_vectors(got, want);
    expect_same_evaluation(got.full, want.full);
    EXPECT_EQ(got.wire, want.wire);
  }
}

}  // namespace
}  // namespace skewbench::train
