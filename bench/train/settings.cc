#include "bench/train/settings.h"

#include <algorithm>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/case_string.h"
#include "bench/train/kernel_choice.h"
#include "bench/train/models/models.h"
#include "bench/train/tasks/make_task.h"
#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace skewbench::train {

namespace {

int64_t positive(const Options& options, const std::string& name, int64_t most) {
  const int64_t value = options.integer(name);
  REQUIRE(value >= 1 && value <= most, "--{} must be from 1 to {}, not {}", name, most, value);
  return value;
}

double positive_number(const Options& options, const std::string& name, double most) {
  const double value = options.number(name);
  REQUIRE(value > 0 && value <= most, "--{} must be positive and at most {}, not {}", name, most, options.text(name));
  return value;
}

void one_of(const Options& options, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), options.text(name)) == known.end()) fail_unknown("--" + name, options.text(name), known);
}

void check_named(const char* kind, const std::string& name, const std::vector<Named>& table) {
  std::vector<std::string> known;
  for (const Named& entry : table) known.push_back(split_argument(entry.name).name);
  if (std::find(known.begin(), known.end(), split_argument(name).name) == known.end()) fail_unknown(kind, name, known);
}

/// "group:8" has the groups behind the name; the other names are the network's.
Norm parse_norm_option(const std::string& text, int64_t& groups) {
  const auto [name, argument, has_argument] = split_argument(text);
  if (!has_argument) return parse_norm(name);
  REQUIRE(name == "group", "--norm {}: only group takes a number", text);
  groups = parse_integer(argument, "the groups of --norm");
  REQUIRE(groups >= 1, "the groups of --norm must be at least 1, not {}", groups);
  return Norm::group;
}

}  // namespace

Settings check_options(Options options) {
  // Quadratics are data set and model at once: one of the two names is enough where the other is at its default.
  const Options standard;
  for (const auto& [one, other] : {std::pair{"dataset", "model"}, std::pair{"model", "dataset"}})
    if (options.text(one) == "quadratics" && options.text(other) == standard.text(other)) options.set(other, "quadratics");
  check_named("model", options.text("model"), list_all_models());
  const bool is_quadratics = options.text("model") == "quadratics";
  REQUIRE(is_quadratics == (options.text("dataset") == "quadratics"), "--model {} and --dataset {} do not fit: quadratics are both",
          options.text("model"), options.text("dataset"));
  // What does not exist for quadratics, or is the default by another name, has one spelling: one case has one string.
  const bool on_device = options.text("device") == "cuda";
  if (on_device && options.text("kernels") == "hand") options.set("kernels", "auto");
  if (!on_device && options.text("exchange") == "mpi") options.set("exchange", "auto");
  if (options.text("norm") == standard.text("norm") && (is_quadratics || !has_norms(options.text("model")))) options.set("norm", "none");

  const int workers = static_cast<int>(positive(options, "workers", 100000));
  Settings settings{.options = options,
                    .case_string = to_case_string(options),
                    .is_quadratics = is_quadratics,
                    .workers = workers,
                    .topology = topology::make_topology(options.text("topology"), workers),
                    .learning_rate = LearningRate(options.number("lr"), options.text("lr-schedule")),
                    .hyper = {},
                    .augmentation = parse_augmentation(options.text("augment"))};
  settings.norm = parse_norm_option(options.text("norm"), settings.groups);
  check_named("dataset", options.text("dataset"), list_all_datasets());
  partitions::check_partition_spec(options.text("skew"));
  check_topology_of(options.text("algorithm"), settings.topology);
  one_of(options, "device", {"host", "cuda"});
  settings.on_device = on_device;
  REQUIRE(!is_quadratics || !settings.on_device, "--device {} computes in float32; quadratics are in double and stay on the host",
          options.text("device"));
  settings.kernels = parse_kernels(options.text("kernels"), settings.on_device);
  one_of(options, "exchange", {"auto", "mpi", "staged", "nccl"});
  REQUIRE(settings.on_device || options.text("exchange") == "auto", "--exchange {} moves device memory: it wants --device cuda", options.text("exchange"));
  one_of(options, "init", {"published", "fan-in"});
  one_of(options, "running-stats", {"local", "mixed", "frozen"});
  REQUIRE(!is_quadratics || !settings.augmentation.any(), "--augment {} changes images; quadratics have none", options.text("augment"));
  REQUIRE(!is_quadratics || options.text("skew") == "iid", "--skew {} divides samples; every worker of quadratics has its own function",
          options.text("skew"));

  settings.hyper.momentum = options.number("momentum");
  REQUIRE(settings.hyper.momentum >= 0 && settings.hyper.momentum < 1, "--momentum must be in [0, 1), not {}", options.text("momentum"));
  settings.hyper.weight_decay = options.number("weight-decay");
  REQUIRE(settings.hyper.weight_decay >= 0, "--weight-decay must be at least 0, not {}", options.text("weight-decay"));
  settings.hyper.batch = is_quadratics ? 1 : positive(options, "batch", 1 << 20);
  settings.hyper.mix_statistics = options.text("running-stats") == "mixed";
  settings.hyper.freeze_statistics = options.text("running-stats") == "frozen";
  settings.hyper.plain_loops = options.text("kernels") == "ref";
  const int64_t seed = options.integer("seed");
  REQUIRE(seed >= 0, "--seed must be at least 0, not {}", seed);
  settings.hyper.seed = static_cast<uint64_t>(seed);
  settings.epochs = positive_number(options, "epochs", 1e6);
  settings.eval_every = positive_number(options, "eval-every", 1e6);
  settings.eval_samples = positive(options, "eval-samples", int64_t{1} << 40);
  settings.eval_workers = static_cast<int>(positive(options, "eval-workers", 100000));
  settings.trajectory = options.flag("trajectory");
  return settings;
}

}  // namespace skewbench::train
