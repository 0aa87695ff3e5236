#include "kernels/cuda_on_cpu/mutation_sites.h"

#include <vector>

namespace skewbench::cuda_on_cpu {

constinit uint32_t active_mutant = UINT32_MAX;

namespace {

// Made at the first call: static objects of other files register before main in any order.
std::vector<MutationSite>& all_sites() {
  static std::vector<MutationSite> sites;
  return sites;
}

}  // namespace

uint32_t register_mutation_sites(const MutationSite* sites, uint32_t count) {
  const auto first = static_cast<uint32_t>(all_sites().size());
  all_sites().insert(all_sites().end(), sites, sites + count);
  return first;
}

std::span<const MutationSite> mutation_sites() { return all_sites(); }

}  // namespace skewbench::cuda_on_cpu
