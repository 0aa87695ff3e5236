#include "bench/train/options.h"

#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace skewbench::train {

const std::vector<Option>& option_table() {
  static const std::vector<Option> table = {
      {"dataset", "fashion_mnist", "the images, or `quadratics`"},
      {"data", "", "where the data set is: a folder, or the HDF5 file of quadratics; empty: its default"},
      {"model", "lenet", "the network; `quadratics` with the data set of that name"},
      {"norm", "group", "none | batch | group | group:G (G groups a layer; group means 2); a model without norms turns the default into none"},
      {"workers", "16", "nodes of the topology, each with its own data and parameters"},
      {"topology", "ring", "who sends to whom"},
      {"skew", "iid", "how the training set is divided over the workers"},
      {"algorithm", "d_psgd", "how workers learn and agree"},
      {"lr", "0.05", "learning rate"},
      {"lr-schedule", "constant", "constant, or warmup:EPOCHS and decay:EPOCH:FACTOR parts with commas between"},
      {"momentum", "0.9", "Nesterov momentum, 0 for none"},
      {"weight-decay", "0.0001", "times the parameter, added to its gradient"},
      {"batch", "32", "samples per worker and step"},
      {"epochs", "3", "passes over all training samples together; may be a fraction"},
      {"seed", "1", "of the initial parameters, the split, the order of samples and every other draw"},
      {"init", "published", "initial parameters: published, or fan-in (weights uniform in +-1/sqrt(inputs), for short runs)"},
      {"device", "host", "host | cuda: where vectors, batches and activations are"},
      {"exchange", "auto", "how vectors on a device travel: mpi | staged (MPI through page-locked copies) | nccl; auto: whichever needs no "
                            "copies through the host; on the host mpi"},
      {"kernels", "auto", "auto: per operation the default of the device; ref: plain loops with double accumulators on the host; on cuda also "
                          "hand (the same as auto), vendor (cuDNN where it has the operation), and hand:OPERATION=RUNG,... "
                          "to name rungs of ladders"},
      {"eval-every", "1", "epochs between evaluations; may be a fraction"},
      {"eval-samples", "2000", "test images, class-balanced, of the evaluations in between; the last two use all"},
      {"eval-workers", "64", "evaluate every worker up to so many, otherwise a fixed sample of so many"},
      {"running-stats", "local", "batch norm's running statistics: local | mixed (exchanged like parameters) | frozen"},
      {"augment", "none", "none | mirror | crop:PAD | mirror+crop:PAD, by (seed, worker, sample, pass)"},
      {"trajectory", "false", "true: write every worker's vector after every step"},
  };
  return table;
}

Options::Options() {
  for (const Option& option : option_table()) values_[option.name] = option.standard;
}

double Options::number(const std::string& name) const { return parse_number(text(name), "--" + name); }
int64_t Options::integer(const std::string& name) const { return parse_integer(text(name), "--" + name); }

bool Options::flag(const std::string& name) const {
  const std::string& value = text(name);
  REQUIRE(value == "true" || value == "false", "--{} is true or false, not '{}'", name, value);
  return value == "true";
}

void Options::set(const std::string& name, const std::string& value) {
  const auto at = values_.find(name);
  if (at == values_.end()) {
    std::vector<std::string> known;
    for (const Option& option : option_table()) known.push_back(option.name);
    fail_unknown("option", name, known);
  }
  at->second = value;
}

}  // namespace skewbench::train
