#include "bench/train/kernel_choice.h"

#include <algorithm>
#include <sstream>

#include "bench/train/models/cuda_operations.h"
#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace skewbench::train {

namespace {

[[noreturn]] void fail_unknown_operation(const std::string& name, const std::vector<Ladder>& ladders) {
  REQUIRE(!ladders.empty(), "--kernels hand:{}: {}", name, device::why_unusable());
  std::vector<std::string> known;
  for (const Ladder& ladder : ladders) known.push_back(ladder.name);
  fail_unknown("operation of --kernels", name, known);
}

void check_rung(const Ladder& ladder, int64_t number, const std::string& wanted) {
  std::string known;
  for (const Rung& rung : ladder.rungs) {
    if (rung.number == number) return;
    known += fmt::format("{}v{} {}", known.empty() ? "" : ", ", rung.number, rung.idea);
  }
  fail("--kernels hand:{}: {} has no v{}; it has {}", wanted, ladder.name, number, known);
}

/// "group_norm=2" -> group_norm_forward and group_norm_backward.
void pin(const std::string& wanted, device::Choice& choice) {
  const auto equals = wanted.find('=');
  REQUIRE(equals != std::string::npos && equals > 0, "--kernels hand:OPERATION=RUNG,...: '{}' is no OPERATION=RUNG", wanted);
  const std::string name = wanted.substr(0, equals);
  const int64_t number = parse_integer(wanted.substr(equals + 1), "the rung of " + name);
  const std::vector<Ladder> ladders = list_ladders();
  bool is_known = false;
  for (const Ladder& ladder : ladders) {
    if (ladder.name != name && !ladder.name.starts_with(name + "_")) continue;
    is_known = true;
    check_rung(ladder, number, wanted);
    REQUIRE(choice.rungs.emplace(ladder.name, static_cast<int>(number)).second, "--kernels names {} twice", ladder.name);
  }
  if (!is_known) fail_unknown_operation(name, ladders);
}

}  // namespace

device::Choice parse_kernels(const std::string& text, bool on_device) {
  const auto [name, rungs, has_rungs] = split_argument(text);
  const std::vector<std::string> of_host = {"auto", "ref"}, of_device = {"auto", "ref", "hand", "vendor"};
  if (std::find(of_device.begin(), of_device.end(), name) == of_device.end()) fail_unknown("--kernels", name, on_device ? of_device : of_host);
  REQUIRE(on_device || std::find(of_host.begin(), of_host.end(), name) != of_host.end(), "--kernels {} wants --device cuda; the host has auto and ref", name);
  REQUIRE(!has_rungs || name == "hand", "--kernels {}: only hand takes rungs", text);
  device::Choice choice{.vendor = name == "vendor", .rungs = {}};
  std::stringstream parts(rungs);
  for (std::string part; std::getline(parts, part, ',');) pin(part, choice);
  REQUIRE(!has_rungs || !choice.rungs.empty(), "--kernels {}: the rungs are missing, OPERATION=RUNG,...", text);
  return choice;
}

}  // namespace skewbench::train
