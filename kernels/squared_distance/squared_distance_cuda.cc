#include "kernels/squared_distance/squared_distance_cuda.h"

#include <fmt/format.h>

namespace skewbench::squared_distance {
namespace {

std::string any(const Distance& a) { return a.count < 1 ? fmt::format("{} elements: there must be at least one", a.count) : ""; }

const device::Version<Distance> kDistance[] = {{1, "block_sums", any, v1::workspace_bytes, v1::distance}};

}  // namespace

device::Versions<Distance> distance_versions() { return kDistance; }

}  // namespace skewbench::squared_distance
