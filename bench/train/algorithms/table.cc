// Every algorithm, a line each: its name, which is also its file's and that of its maker make_<name>, the topologies it
// runs on, and a sentence.
#define SKEWBENCH_ALGORITHMS(ENTRY)                                                                            \
  ENTRY(all_reduce_sgd, require_complete, "SGD with the exact mean of all gradients, the reference without decentralization") \
  ENTRY(d_psgd, any_topology, "local (Nesterov) SGD step, then gossip averaging of the models (Lian et al. 2017)")           \
  ENTRY(qg_dsgdm_n, any_topology, "gossip with a momentum that follows the averaged models (Lin et al. 2021)")               \
  ENTRY(relaysgd, relaysum::require_trees, "local SGD step, then RelaySum averaging on a tree (Vogels et al. 2021)")

#include "bench/train/algorithms/algorithm.h"
#include "comm/relaysum/relaysum.h"

namespace skewbench::train {

namespace {

void any_topology(const topology::Topology&) {}

void require_complete(const topology::Topology& topology) {
  const int64_t n = topology.workers;
  const bool is_complete = topology.lanes == 1 && topology.period == 1 && std::ssize(topology.graph(0).edges()) == n * (n - 1);
  REQUIRE(is_complete, "all_reduce_sgd averages over all workers: --topology must be complete, not {}", topology.name);
}

[[noreturn]] void fail_unknown_algorithm(const std::string& name) {
  std::vector<std::string> known;
  for (const Named& algorithm : list_algorithms()) known.push_back(algorithm.name);
  fail_unknown("algorithm", name, known);
}

}  // namespace

#define DECLARE(name, check, sentence) \
  template <class T>                   \
  std::unique_ptr<Algorithm<T>> make_##name(Run<T>& run);
SKEWBENCH_ALGORITHMS(DECLARE)
#undef DECLARE

template <class T>
AlgorithmMaker<T> find_algorithm(const std::string& name) {
#define MAKER(entry, check, sentence) \
  if (name == #entry) return make_##entry<T>;
  SKEWBENCH_ALGORITHMS(MAKER)
#undef MAKER
  fail_unknown_algorithm(name);
}

template AlgorithmMaker<float> find_algorithm<float>(const std::string&);
template AlgorithmMaker<double> find_algorithm<double>(const std::string&);

void check_topology_of(const std::string& algorithm, const topology::Topology& topology) {
#define CHECK(entry, check, sentence) \
  if (algorithm == #entry) return check(topology);
  SKEWBENCH_ALGORITHMS(CHECK)
#undef CHECK
  fail_unknown_algorithm(algorithm);
}

std::vector<Named> list_algorithms() {
  return {
#define LINE(entry, check, sentence) {#entry, sentence},
      SKEWBENCH_ALGORITHMS(LINE)
#undef LINE
  };
}

}  // namespace skewbench::train
