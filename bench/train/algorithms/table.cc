// Every algorithm, a line each. `name` is also its file's and that of its maker, make_<name>.
#define SKEWBENCH_ALGORITHMS(ENTRY)                                                                              \
  ENTRY(all_reduce_sgd, "SGD with the exact mean of all gradients: the reference without decentralization (topology complete)") \
  ENTRY(d_psgd, "local (Nesterov) SGD step, then gossip averaging of the models (Lian et al. 2017)")               \
  ENTRY(qg_dsgdm_n, "gossip with a momentum that follows the averaged models (Lin et al. 2021)")                   \
  ENTRY(relaysgd, "local SGD step, then RelaySum averaging on a tree (Vogels et al. 2021)")

#include "bench/train/algorithms/algorithm.h"

namespace skewbench::train {

#define DECLARE(name, sentence) \
  template <class T>            \
  std::unique_ptr<Algorithm<T>> make_##name(Run<T>& run);
SKEWBENCH_ALGORITHMS(DECLARE)
#undef DECLARE

template <class T>
AlgorithmMaker<T> find_algorithm(const std::string& name) {
#define MAKER(entry, sentence) \
  if (name == #entry) return make_##entry<T>;
  SKEWBENCH_ALGORITHMS(MAKER)
#undef MAKER
  std::vector<std::string> known;
  for (const Named& algorithm : list_algorithms()) known.push_back(algorithm.name);
  fail_unknown("algorithm", name, known);
}

template AlgorithmMaker<float> find_algorithm<float>(const std::string&);
template AlgorithmMaker<double> find_algorithm<double>(const std::string&);

std::vector<Named> list_algorithms() {
  return {
#define LINE(entry, sentence) {#entry, sentence},
      SKEWBENCH_ALGORITHMS(LINE)
#undef LINE
  };
}

}  // namespace skewbench::train
