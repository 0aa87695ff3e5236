// Three steps of training give the same bits on any number of ranks: vectors, evaluation, training loss, payload.
// ranks: 1 2 3 5
// full ranks: 1 2 3 4 5 6 7
#include <gtest/gtest.h>

#include "bench/train/case_string.h"
#include "bench/train/short_run.h"
#include "comm/exchange/mpi_test_main.h"
#include "kernels/base/compare.h"

namespace skewbench::train {
namespace {

void expect_same(const std::vector<double>& got, const std::vector<double>& want, const char* what) {
  const Comparison same = compare_bits(std::span(got), std::span(want));
  EXPECT_TRUE(same.ok) << what << ": " << same.summary;
}

void expect_same(const EvaluationNumbers& got, const EvaluationNumbers& want, int64_t samples) {
  EXPECT_EQ(got.evaluated_samples, samples);
  EXPECT_EQ(want.evaluated_samples, samples);
  expect_same(got.loss, want.loss, "loss");
  expect_same(got.accuracy, want.accuracy, "accuracy");
  expect_same({got.loss_of_average, got.accuracy_of_average, got.consensus_distance},
              {want.loss_of_average, want.accuracy_of_average, want.consensus_distance}, "loss and accuracy of the average, consensus distance");
}

void expect_same_bits(const std::string& case_string) {
  SCOPED_TRACE(case_string);
  const Settings settings = check_options(from_case_string(case_string));
  const exchange::Communicator& world = *exchange::test_communicator();
  const CaseData data = load_case(settings);
  const Outcome got = train(settings, data, world), want = train(settings, data, exchange::Communicator(MPI_COMM_SELF));
  for (std::size_t k = 0; k < got.x.size(); ++k) {
    const std::size_t i = k + static_cast<std::size_t>(got.first);
    const Comparison same = compare_bits(std::span(got.x[k]), std::span(want.x[i]));
    EXPECT_TRUE(same.ok) << "worker " << i << ": " << same.summary;
    EXPECT_FALSE(compare_bits(std::span(want.x[i]), std::span(want.initial[i])).ok) << "worker " << i << " has learnt nothing";
  }
  EXPECT_GT(want.full.consensus_distance, settings.options.text("algorithm") == "all_reduce_sgd" ? -1.0 : 1e-6);
  expect_same(got.train_loss, want.train_loss, "training loss");
  expect_same(got.subset, want.subset, settings.eval_samples);
  expect_same(got.full, want.full, got.test_samples);
  EXPECT_EQ(got.payload, want.payload);
  int64_t wire = 0;
  for (std::size_t i = 0; i < want.wire.size(); ++i) {
    EXPECT_EQ(want.wire[i], 0) << "one rank has nobody to send to";
    EXPECT_GT(want.payload[i], 0);
    wire += got.wire[i];
  }
  EXPECT_EQ(wire > 0, world.size() > 1);
}

/// Seven workers are a multiple of no number of ranks but one.
void expect_same_bits_of(const std::string& model, const std::string& options = "") {
  for (const char* algorithm : {"complete/n7/label:60/all_reduce_sgd", "ring/n7/label:60/d_psgd", "ring/n7/label:60/qg_dsgdm_n",
                                "binary_tree/n7/label:60/relaysgd"})
    expect_same_bits("train:" + model + "/" + algorithm +
                     "/seed2/batch=3/eval-samples=20/lr=0.1/lr-schedule=warmup:1" + options);
}

TEST(TrainBits, GroupNorm) { expect_same_bits_of("synthetic:12x12x2,3,84,40/lenet/group"); }
TEST(TrainBits, AResidualNetwork) {
  expect_same_bits("train:synthetic:8x8x2,3,84,40/resnet20/group:4/social_network_tree/n32/iid/relaysgd/seed2/batch=1/eval-samples=20"
                   "/eval-workers=2");
}
TEST(TrainBits, NoNorm) { expect_same_bits_of("synthetic:12x12x2,3,84,40/lenet/none", "/init=fan-in"); }
TEST(TrainBits, BatchNormWithLocalStatistics) { expect_same_bits_of("synthetic:12x12x2,3,84,40/lenet/batch"); }
TEST(TrainBits, BatchNormWithMixedStatistics) { expect_same_bits_of("synthetic:12x12x2,3,84,40/lenet/batch", "/running-stats=mixed"); }
TEST(TrainBits, BatchNormWithFrozenStatistics) { expect_same_bits_of("synthetic:12x12x2,3,84,40/lenet/batch", "/running-stats=frozen"); }
TEST(TrainBits, PlainLoops) { expect_same_bits_of("synthetic:12x12x2,3,84,40/mlp/none", "/kernels=ref"); }
TEST(TrainBits, ATestSetThatRanksShare) {  // the averaged model is evaluated in blocks of 500 samples
  expect_same_bits("train:synthetic:6x6x1,3,84,2300/logistic/none/star/n7/iid/d_psgd/seed2/batch=3/eval-samples=1201");
}
TEST(TrainBits, WithoutMomentumWithAugmentation) {
  for (const char* algorithm : {"complete/n8/iid/all_reduce_sgd", "exponential_one_peer/n8/iid/d_psgd", "double_binary_trees/n8/iid/relaysgd"})
    expect_same_bits(std::string("train:synthetic:12x12x2,3,84,40/lenet/group/") + algorithm +
                     "/seed2/augment=mirror+crop:2/batch=4/eval-samples=20/eval-workers=3/lr=0.1/momentum=0");
}

}  // namespace
}  // namespace skewbench::train
