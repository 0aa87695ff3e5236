#include "kernels/quantize/sparse_cuda.h"

#include <string>

namespace skewbench::quantize {
namespace {

using device::no_workspace;

template <class Arguments>
std::string any(const Arguments& a) { return why_not(a.problem); }

const device::Version<Gather> kGather[] = {{1, "value_per_thread", any, no_workspace, v1::gather}};
const device::Version<Take> kTake[] = {{1, "value_per_thread", any, no_workspace, v1::take}};
const device::Version<Scatter> kScatter[] = {{1, "value_per_thread", any, no_workspace, v1::scatter}};

}  // namespace

device::Versions<Gather> gather_versions() { return kGather; }
device::Versions<Take> take_versions() { return kTake; }
device::Versions<Scatter> scatter_versions() { return kScatter; }

}  // namespace skewbench::quantize
