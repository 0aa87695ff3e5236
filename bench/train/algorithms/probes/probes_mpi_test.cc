// Each probe over MPI against its one-process form, bit for bit.
// ranks: 1 2 3 5
// full ranks: 1 2 3 4 5 6 7 8 9 10
#include <gtest/gtest.h>

#include "bench/train/algorithms/probes/gradient_tracking.h"
#include "bench/train/algorithms/probes/one_process_forms.h"
#include "bench/train/algorithms/probes/push_sum.h"
#include "bench/train/algorithms/probes/travelling_model.h"
#include "bench/train/models/models.h"
#include "bench/train/tasks/network_task.h"
#include "comm/exchange/mpi_test_main.h"
#include "kernels/base/compare.h"
#include "partitions/dataset.h"
#include "partitions/partition.h"

namespace skewbench::train {
namespace {

constexpr int kWorkers = 10;  // not a multiple of 3 ranks
constexpr int64_t kSteps = 7, kBatch = 6;
constexpr double kRate = 0.0625;  // exact in float: the probes hold it in double, the one-process forms in float

struct World {
  partitions::Dataset dataset = partitions::load_dataset("synthetic:6x5x1,3,300,30", "", 4);
  partitions::Partition partition = partitions::make_partition("dirichlet:0.5", dataset.train.labels, 3, kWorkers, 4);
  NetworkTask task{make_architecture("logistic", {.input = {6, 5, 1}, .classes = 3, .norm = Norm::none}), {{128.0f}, {1 / 64.0f}}, Kernels::host};
};

template <class Probe>
void expect_equal_to_one_process(const char* topology_name, void (*one_process)(AllWorkers&, int64_t)) {
  World world;
  const auto topology = topology::make_topology(topology_name, kWorkers);
  DataFeed everybody(world.dataset, world.partition, 0, kWorkers, 4, {});
  Vector initial(static_cast<std::size_t>(world.task.layout().size()));
  world.task.initial_parameters(9, initial.data());
  AllWorkers all{world.task, everybody, topology, 9, kBatch, static_cast<float>(kRate), std::vector<Vector>(kWorkers, initial)};
  one_process(all, kSteps);
  ASSERT_FALSE(compare_bits(std::span<const float>(all.x[0]), std::span<const float>(initial)).ok) << "nothing was learnt";

  const exchange::Communicator& communicator = *exchange::test_communicator();
  const exchange::Placement placement(kWorkers, communicator.size(), communicator.rank());
  exchange::Meter meter;
  StateTable state(placement.first(), placement.last());
  exchange::Exchange exchange(communicator, placement, topology, meter);
  DataFeed feed(world.dataset, world.partition, placement.first(), placement.last(), 4, {});
  Run<float> run(world.task, exchange, state, feed, {.batch = kBatch, .seed = 9});
  Probe probe(run);
  for (int64_t step = 0; step < kSteps; ++step) {
    run.set_step(step, kRate);
    probe.step(run);
  }
  for (int i = run.first(); i < run.last(); ++i) {
    const Comparison same = compare_bits(std::span<const float>(run.x(i), initial.size()), std::span<const float>(all.at(i)));
    EXPECT_TRUE(same.ok) << "worker " << i << ": " << same.summary;
  }
}

TEST(Probes, TwoVectorsInOneExchange) { expect_equal_to_one_process<GradientTracking<float>>("ring", gradient_tracking_ref); }
TEST(Probes, AScalarWeightOnADirectedGraphThatChanges) { expect_equal_to_one_process<PushSum<float>>("exponential_one_peer", push_sum_ref); }
TEST(Probes, BatchSizesPerWorkerAndStep) { expect_equal_to_one_process<WeightedBatches<float>>("complete", weighted_batches_ref); }
TEST(Probes, MessagesWhoseLengthDiffersPerEdgeAndStep) { expect_equal_to_one_process<SparseMessages<float>>("binary_tree", sparse_messages_ref); }
TEST(Probes, SamplesOnWhichTheReceiverComputes) { expect_equal_to_one_process<QuantisedSamples<float>>("exponential", quantised_samples_ref); }
TEST(Probes, AModelThatTravelsAndAKnobThatChangesEverywhere) { expect_equal_to_one_process<TravellingModel<float>>("ring", travelling_model_ref); }

}  // namespace
}  // namespace skewbench::train
