// LeNet on real images, four workers in a ring with batches of 8: after twenty steps on a device each worker's vector is that of
// the host within 1e-4, and after two the same bits come from one, two and four ranks.
// ranks: 4
// environment: SKEWBENCH_CUDA_CHECKS=0
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "bench/train/case_string.h"
#include "bench/train/short_run.h"
#include "comm/exchange/cuda_mpi_test_main.h"
#include "kernels/base/compare.h"
#include "kernels/base/device_arrays.h"

namespace skewbench::train {
namespace {

const std::string kCase = "train:fashion_mnist/lenet/group/ring/n4/iid/d_psgd/seed1/batch=8", kOnDevice = "/device=cuda/exchange=mpi";
constexpr int kWorkers = 4;

double relative_distance(const std::vector<float>& got, const std::vector<float>& want) {
  double difference = 0, length = 0;
  for (std::size_t e = 0; e < want.size(); ++e) {
    difference += std::pow(static_cast<double>(got[e]) - want[e], 2);
    length += std::pow(static_cast<double>(want[e]), 2);
  }
  return std::sqrt(difference / length);
}

Outcome run(const std::string& options, const CaseData& data, const exchange::Communicator& communicator, int steps) {
  const Settings settings = check_options(from_case_string(kCase + options));
  return train(settings, data, communicator, {.steps = steps, .steps_per_epoch = 20, .evaluate = false});
}

TEST(TrainLeNetCuda, TwentyStepsAreTheHosts) {
  NEEDS_DEVICE();
  const exchange::Communicator& world = *exchange::test_communicator();
  const CaseData data = load_case(check_options(from_case_string(kCase)));
  const Outcome got = run(kOnDevice, data, world, 20), want = run("", data, world, 20);
  for (std::size_t k = 0; k < got.x.size(); ++k) {
    const std::size_t worker = k + static_cast<std::size_t>(got.first);
    EXPECT_LE(relative_distance(got.x[k], want.x[k]), 1e-4) << "worker " << worker;
    EXPECT_GE(relative_distance(got.x[k], got.initial[k]), 1e-2) << "worker " << worker << " has learnt nothing";
    EXPECT_NEAR(got.train_loss[worker], want.train_loss[worker], 1e-3 * want.train_loss[worker]);
    if (world.rank() == 0) std::printf("worker %zu: %.2g from the host's vector\n", worker, relative_distance(got.x[k], want.x[k]));
  }
  EXPECT_EQ(got.payload, want.payload);
  EXPECT_EQ(got.wire, want.wire);
}

/// Fingerprints of the vectors of all workers, trained by the first `ranks` of the world. Collective.
std::vector<uint64_t> trained_by(int ranks, const CaseData& data) {
  const exchange::Communicator& world = *exchange::test_communicator();
  const bool takes_part = world.rank() < ranks;
  MPI_Comm split = MPI_COMM_NULL;
  MPI_CALL(MPI_Comm_split(world.handle(), takes_part ? 0 : MPI_UNDEFINED, world.rank(), &split));
  std::vector<uint64_t> mine(kWorkers), all(kWorkers);  // zero where this rank has none; every entry is one rank's
  if (takes_part) {
    const exchange::Communicator few(split);
    const Outcome got = run(kOnDevice, data, few, 2);  // the second starts from what was exchanged
    for (std::size_t k = 0; k < got.x.size(); ++k)
      mine[k + static_cast<std::size_t>(got.first)] = fingerprint(std::as_bytes(std::span(got.x[k])));
  }
  if (takes_part) MPI_CALL(MPI_Comm_free(&split));
  MPI_CALL(MPI_Allreduce(mine.data(), all.data(), kWorkers, MPI_UINT64_T, MPI_SUM, world.handle()));
  return all;
}

TEST(TrainLeNetCuda, TheSameBitsOnOneTwoAndFourRanks) {
  NEEDS_DEVICE();
  const CaseData data = load_case(check_options(from_case_string(kCase)));
  const std::vector<uint64_t> one = trained_by(1, data);
  for (const uint64_t bits : one) EXPECT_NE(bits, 0u);
  for (const int ranks : {2, 4}) EXPECT_EQ(trained_by(ranks, data), one) << ranks << " ranks";
}

}  // namespace
}  // namespace skewbench::train
