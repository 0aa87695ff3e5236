// What a run ran on: the `environment` group of a result file (results/schema.md).
#pragma once

#include <mpi.h>

#include <string>
#include <utility>
#include <vector>

namespace skewbench::train {

/// Ranks and the logical cores they may use, over all hosts.
struct Cores {
  int ranks = 1;
  int cores = 1;
  bool is_oversubscribed = false;  ///< some host has more ranks than cores for them: its times are no timings
};

/// Collective over `communicator`. A host's cores are the union of what its ranks are allowed to run on, because a
/// launcher may bind each rank to a core of its own; so two ranks bound to one core count as oversubscribed.
Cores count_cores(MPI_Comm communicator);

/// The keys of schema.md's `environment` group in its order, then `host`. Local: meant for rank 0. What cannot be found
/// out is "unknown". `argv`: the command line as one string.
///
/// The git revision is that of the tree which holds the running executable, asked of git now: the tree may have changed
/// since the build. "unknown" without git, or where the executable is not inside a tree of this suite.
std::vector<std::pair<std::string, std::string>> describe_environment(const Cores& cores, const std::string& argv);

}  // namespace skewbench::train
