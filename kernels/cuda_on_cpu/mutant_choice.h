// The mutants of a program's kernels, which of them are tried, and with which tests.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "kernels/cuda_on_cpu/equivalent_mutants.h"
#include "kernels/cuda_on_cpu/mutant_trials.h"
#include "kernels/cuda_on_cpu/mutation_sites.h"

namespace skewbench::cuda_on_cpu {

/// A site with what is known about it.
struct Mutant {
  uint32_t number;  ///< for active_mutant
  SiteText text;
  const MutationSite* site;
  const EquivalentMutant* entry = nullptr;  ///< that says it changes nothing
};

using Kernels = std::map<std::string, std::vector<Mutant>>;  ///< by short name: the instances of a template are one

/// Of all kernels that `texts` covers, or of the one named `only`. Keeps pointers to sites and entries.
Kernels find_mutants(std::span<const MutationSite> sites, const std::vector<EquivalentMutant>& entries, const std::string& only,
                     SourceTexts& texts);

/// One of those that are built and that no entry covers, by the seed and the kernel's name alone; empty where there is none.
std::vector<Mutant> draw_one(const std::string& kernel, const std::vector<Mutant>& mutants, uint64_t seed);

/// The tests that launch the mutant's kernel, the quickest first, each with several times the time that it takes unmutated.
Trial make_trial(const Mutant& mutant, const std::vector<ObservedTest>& tests);

/// Entries that fit no mutant of any kernel: the kernel was changed, and their proofs are about nothing.
std::vector<const EquivalentMutant*> entries_without_mutants(const std::vector<EquivalentMutant>& entries, const Kernels& kernels);

/// Several lines: where it is, then an entry for it, less its proof.
std::string to_text(const Mutant& mutant);

}  // namespace skewbench::cuda_on_cpu
