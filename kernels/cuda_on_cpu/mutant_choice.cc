#include "kernels/cuda_on_cpu/mutant_choice.h"

#include <algorithm>
#include <iterator>

#include "kernels/base/error.h"

namespace skewbench::cuda_on_cpu {
namespace {

constexpr double kLimitFactor = 5, kLimitBase_s = 0.5;  // of a test: its time without a mutant, and what any test may take

}  // namespace

Kernels find_mutants(std::span<const MutationSite> sites, const std::vector<EquivalentMutant>& entries, const std::string& only,
                     SourceTexts& texts) {
  Kernels kernels;
  uint32_t number = 0;
  for (const MutationSite& site : sites) {
    const uint32_t its_number = number++;
    if (!texts.covers(site.kernel)) continue;
    Mutant mutant{its_number, describe(site, texts), &site};
    if (!only.empty() && mutant.text.kernel != only) continue;
    for (const EquivalentMutant& entry : entries)
      if (fits(entry, mutant.text)) mutant.entry = &entry;
    kernels[mutant.text.kernel].push_back(mutant);
  }
  return kernels;
}

std::vector<Mutant> draw_one(const std::string& kernel, const std::vector<Mutant>& mutants, uint64_t seed) {
  std::vector<Mutant> open;
  std::copy_if(mutants.begin(), mutants.end(), std::back_inserter(open), [](const Mutant& mutant) { return !mutant.entry && mutant.site->is_built; });
  if (open.empty()) return {};
  uint64_t state = seed ^ 0x9E3779B97F4A7C15u;
  for (const char c : kernel) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3u;  // FNV-1a
  state ^= state >> 29;  // the low bits of a product hardly know the high ones
  return {open[state % open.size()]};
}

Trial make_trial(const Mutant& mutant, const std::vector<ObservedTest>& tests) {
  Trial trial{mutant.number, {}};
  for (std::size_t i = 0; i < tests.size(); ++i)
    if (std::find(tests[i].kernels.begin(), tests[i].kernels.end(), mutant.site->kernel) != tests[i].kernels.end())
      trial.tests.push_back({i, kLimitFactor * tests[i].processor_seconds + kLimitBase_s});
  std::stable_sort(trial.tests.begin(), trial.tests.end(), [](const auto& a, const auto& b) { return a.limit_s < b.limit_s; });
  return trial;
}

std::string to_text(const Mutant& mutant) {
  return fmt::format("  {} {} at {}:{}: {}\n    kernels  {}\n    mutant   {}\n    line     {}\n    after    {}\n    code     {}\n", mutant.text.kernel,
                     mutant.text.mutant, mutant.site->place->file, mutant.site->place->line, mutant.site->place->instruction,
                     mutant.text.kernel, mutant.text.mutant, mutant.text.line, mutant.text.after, mutant.text.code);
}

std::vector<const EquivalentMutant*> entries_without_mutants(const std::vector<EquivalentMutant>& entries, const Kernels& kernels) {
  std::vector<const EquivalentMutant*> useless;
  for (const EquivalentMutant& entry : entries) {
    const bool is_used = std::any_of(kernels.begin(), kernels.end(), [&](const auto& kernel) {
      return std::any_of(kernel.second.begin(), kernel.second.end(), [&](const Mutant& mutant) { return fits(entry, mutant.text); });
    });
    if (!is_used) useless.push_back(&entry);
  }
  return useless;
}

}  // namespace skewbench::cuda_on_cpu
