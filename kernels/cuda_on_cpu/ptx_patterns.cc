#include "kernels/cuda_on_cpu/ptx_patterns.h"

#include <algorithm>
#include <sstream>

namespace skewbench::cuda_on_cpu::ptx {
namespace {

Pattern::Slot parse_slot(std::string word) {
  Pattern::Slot slot;
  const size_t open = word.find_first_of("([");
  if (open == std::string::npos) {
    slot.alternatives = {word};
    return slot;
  }
  slot.optional = word[open] == '[';
  if (open > 0) slot.name = word.substr(0, open - 1);  // without its ':'
  std::istringstream list(word.substr(open + 1, word.size() - open - 2));
  for (std::string alternative; std::getline(list, alternative, '|');) slot.alternatives.push_back(alternative);
  return slot;
}

}  // namespace

Pattern::Pattern(std::string_view text) {
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) slots_.push_back(parse_slot(word));
}

std::vector<std::string> Pattern::match(const std::vector<std::string>& words) const {
  std::vector<std::string> picks;
  size_t at = 0;
  for (const Slot& slot : slots_) {
    const bool fits = at < words.size() && std::find(slot.alternatives.begin(), slot.alternatives.end(), words[at]) != slot.alternatives.end();
    if (!fits && !slot.optional) return {};
    picks.push_back(fits ? words[at++] : "");
  }
  if (at != words.size()) return {};
  return picks;
}

Instruction::Instruction(const Statement& statement, const Pattern& pattern, std::vector<std::string> picks)
    : statement_(statement), pattern_(pattern), picks_(std::move(picks)) {
  for (const std::string& pick : picks_)
    if (const Type type = type_named(pick); type != Type::none) types_.push_back(type);
  if (types_.empty()) types_.push_back(Type::none);
}

bool Instruction::has(std::string_view word) const {
  return std::find(picks_.begin() + 1, picks_.end(), word) != picks_.end();
}

const std::string& Instruction::choice(std::string_view slot) const {
  static const std::string none;
  for (size_t i = 0; i < picks_.size(); ++i)
    if (pattern_.slots()[i].name == slot) return picks_[i];
  return none;
}

}  // namespace skewbench::cuda_on_cpu::ptx
