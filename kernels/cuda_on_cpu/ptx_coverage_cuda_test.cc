// Every instruction that the translator claims to know occurs in a kernel whose results a test compares.
//
// The PTX that nvcc made of this folder's test kernels is read again, and each of its instructions matched with the translator's
// own table. Whatever the table says beyond that (a row, a type, a modifier, a modifier left out) is a claim without a test.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "kernels/cuda_on_cpu/ptx_parser.h"
#include "kernels/cuda_on_cpu/ptx_patterns.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

/// For each row and slot the words that occurred; "" is an optional slot that was left out.
using Seen = std::map<const Row*, std::vector<std::set<std::string>>>;

/// <build>/cuda/kernels/cuda_on_cpu, from this program's own place, <build>/cuda_on_cpu/tests/kernels/cuda_on_cpu/<name>.
std::filesystem::path ptx_folder() {
  std::filesystem::path build = std::filesystem::read_symlink("/proc/self/exe");
  for (int i = 0; i < 5; ++i) build = build.parent_path();
  return build / "cuda/kernels/cuda_on_cpu";
}

/// The rows' patterns, in the order of the rows.
const std::vector<Pattern>& patterns() {
  static const std::vector<Pattern> all = [] {
    std::vector<Pattern> list;
    for (const Row& row : known_instructions()) list.emplace_back(row.pattern);
    return list;
  }();
  return all;
}

void note(const Statement& statement, Seen& seen) {
  for (size_t row = 0; row < patterns().size(); ++row) {
    if (patterns()[row].opcode() != statement.words[0]) continue;
    const std::vector<std::string> picks = patterns()[row].match(statement.words);
    if (picks.empty()) continue;
    auto& slots = seen[&known_instructions()[row]];
    slots.resize(picks.size());
    for (size_t i = 0; i < picks.size(); ++i) slots[i].insert(picks[i]);
  }
}

Seen seen_in_test_kernels() {
  Seen seen;
  std::set<std::string> names;  // most instructions occur often
  for (const auto& entry : std::filesystem::recursive_directory_iterator(ptx_folder())) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with("ptx_") || !file.ends_with(".ptx")) continue;
    for (const Function& function : parse(read_file(entry.path().string()), file).functions)
      for (const Statement& statement : function.statements)
        if (statement.kind == Statement::Kind::instruction && names.insert(statement.name).second) note(statement, seen);
  }
  return seen;
}

TEST(PtxCoverage, EveryClaimedInstructionHasATest) {
  const Seen seen = seen_in_test_kernels();
  for (const Row& row : known_instructions()) {
    const auto found = seen.find(&row);
    EXPECT_NE(found, seen.end()) << "never executed: " << row.pattern;
    if (found == seen.end()) continue;
    const Pattern pattern(row.pattern);
    for (size_t i = 0; i < pattern.slots().size(); ++i) {
      const Pattern::Slot& slot = pattern.slots()[i];
      for (const std::string& word : slot.alternatives)
        EXPECT_TRUE(found->second[i].contains(word)) << "never executed: " << word << " of " << row.pattern;
      if (slot.optional) {
        EXPECT_TRUE(found->second[i].contains("")) << "never executed without " << slot.alternatives[0] << ": " << row.pattern;
      }
    }
  }
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu::ptx
