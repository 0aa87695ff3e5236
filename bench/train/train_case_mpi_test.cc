// Whole cases from options to result file, at the edges: few workers, steps of evaluation, what a verdict is about.
// ranks: 1 2
#include "bench/train/train_case.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/evaluation.h"
#include "comm/exchange/mpi_test_main.h"

namespace skewbench::train {
namespace {

namespace fs = std::filesystem;
using Choices = std::vector<std::pair<const char*, const char*>>;

/// Trains a small network on small images with these options in place of the defaults; returns the verdict.
std::string verdict_of(const Choices& choices) {
  const auto& communicator = *exchange::test_communicator();
  Options options;
  for (const auto& [name, value] : Choices{{"dataset", "synthetic:4x4x1,2,64,16"}, {"model", "logistic"}, {"batch", "4"}}) options.set(name, value);
  for (const auto& [name, value] : choices) options.set(name, value);
  const fs::path folder = fs::temp_directory_path() / ("skewbench_train_case_" + std::to_string(getpid()));  // rank 0 writes
  if (communicator.rank() == 0) fs::create_directory(folder);
  std::string verdict;
  try {
    verdict = train_case(check_options(options), folder / "result.h5", "test", communicator);
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  EXPECT_TRUE(communicator.rank() != 0 || fs::exists(folder / "result.h5"));
  if (communicator.rank() == 0) fs::remove_all(folder);
  return verdict;
}

TEST(TrainCase, OneOrTwoWorkersOnEveryTopologyAndAlgorithm) {
  for (const char* workers : {"1", "2"}) {
    if (exchange::test_communicator()->size() > std::stoi(workers)) continue;
    for (const char* topology : {"ring", "chain", "star", "complete", "binary_tree", "double_binary_trees", "exponential", "exponential_one_peer"}) {
      for (const char* algorithm : {"all_reduce_sgd", "d_psgd", "qg_dsgdm_n", "relaysgd"}) {
        try {
          check_topology_of(algorithm, topology::make_topology(topology, std::stoi(workers)));
        } catch (const Error&) {
          continue;  // refused in a sentence before anything starts
        }
        EXPECT_EQ(verdict_of({{"workers", workers}, {"topology", topology}, {"algorithm", algorithm}, {"epochs", "1"}}), "PASSED")
            << algorithm << " with " << workers << " workers on " << topology;
      }
    }
  }
}

// The only loss of this run is taken before its only update, and is finite.
TEST(TrainCase, AModelThatIsNotFiniteDoesNotPass) {
  EXPECT_EQ(verdict_of({{"workers", "16"}, {"epochs", "1"}, {"lr", "1e38"}, {"eval-samples", "16"}}), "DIVERGED");
  EXPECT_EQ(verdict_of({{"workers", "16"}, {"epochs", "1"}, {"lr", "1e-3"}, {"eval-samples", "16"}}), "PASSED");
}

TEST(EvaluationSteps, AtMostOnceAStepAndAlwaysAfterTheLast) {
  using Steps = std::vector<int64_t>;
  EXPECT_EQ(evaluation_steps(1, 10, 30), (Steps{10, 20, 30}));
  EXPECT_EQ(evaluation_steps(0.5, 5, 10), (Steps{3, 5, 8, 10}));
  EXPECT_EQ(evaluation_steps(0.25, 10, 7), (Steps{3, 5, 7}));
  EXPECT_EQ(evaluation_steps(1, 10, 25), (Steps{10, 20, 25}));
  EXPECT_EQ(evaluation_steps(1e6, 1000, 25), (Steps{25}));
  EXPECT_EQ(evaluation_steps(1e-300, 10, 4), (Steps{1, 2, 3, 4})) << "an interval below a step";
}

}  // namespace
}  // namespace skewbench::train
