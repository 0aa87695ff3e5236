// The description of the machine: complete, in the schema's order, and right about cores, ranks and the source tree.
// ranks: 1 2 5
#include "bench/train/environment.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <map>

#include "comm/exchange/mpi_test_main.h"

namespace skewbench::train {
namespace {

TEST(Environment, CoresAreTheUnionOfWhatTheRanksMayUse) {
  const exchange::Communicator& communicator = *exchange::test_communicator();
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  const Cores all = count_cores(communicator.handle());
  EXPECT_EQ(all.ranks, communicator.size());
  EXPECT_GE(all.cores, CPU_COUNT(&before));
  EXPECT_EQ(all.is_oversubscribed, all.ranks > all.cores);

  // All ranks on one core, which they agree upon: any one that rank 0 may use.
  int core = 0;
  while (!CPU_ISSET(core, &before)) ++core;
  MPI_CALL(MPI_Bcast(&core, 1, MPI_INT, 0, communicator.handle()));
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const Cores bound = count_cores(communicator.handle());
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(bound.cores, 1);
  EXPECT_EQ(bound.is_oversubscribed, communicator.size() > 1);
}

TEST(Environment, HasTheKeysOfTheSchemaAndNoEmptyValue) {
  const auto texts = describe_environment({.ranks = 3, .cores = 2, .is_oversubscribed = true}, "train --epochs 1");
  std::vector<std::string> keys;
  for (const auto& [key, value] : texts) {
    keys.push_back(key);
    EXPECT_FALSE(value.empty()) << key;
    EXPECT_EQ(value.find('\n'), std::string::npos) << key;
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"git_revision", "git_dirty", "cpu", "cores", "ranks", "oversubscribed", "mpi", "onednn",
                                            "hdf5", "compiler", "instruction_set", "argv", "host"}));
  std::map<std::string, std::string> values(texts.begin(), texts.end());
  EXPECT_EQ(values["cores"], "2");
  EXPECT_EQ(values["ranks"], "3");
  EXPECT_EQ(values["oversubscribed"], "yes");
  EXPECT_EQ(values["argv"], "train --epochs 1");
  // Either of a tree in git, or unknown, both together.
  if (values["git_revision"] == "unknown") {
    EXPECT_EQ(values["git_dirty"], "unknown");
  } else {
    EXPECT_GE(values["git_revision"].size(), 40u);
    EXPECT_EQ(values["git_revision"].find_first_not_of("0123456789abcdef"), std::string::npos) << values["git_revision"];
    EXPECT_TRUE(values["git_dirty"] == "yes" || values["git_dirty"] == "no");
  }
}

}  // namespace
}  // namespace skewbench::train
