#include "kernels/linear/linear_cuda.h"

#include "kernels/base/error.h"
#include "kernels/base/gemm_plan.h"
#include "kernels/base/launch.h"
#include "kernels/base/launch_version.h"
#include "kernels/linear/linear_products.h"

namespace skewbench::linear {
namespace {

struct Named {
  const char* name;
  const void* pointer;
};

std::string check(const Problem& problem, int64_t n, std::initializer_list<Named> arrays) {
  try {
    problem.validate();
  } catch (const Error& error) {
    return error.what();
  }
  if (n < 1) return fmt::format("batch size {} must be positive", n);
  // Factor 1024: room for what a split product and the bias gradient keep in the workspace.
  if (device::product({4096, n, problem.c}) < 0 || device::product({4096, n, problem.k}) < 0)
    return fmt::format("n={} c={} k={}: the bytes of an array exceed 64 bits", n, problem.c, problem.k);
  for (const auto& [name, pointer] : arrays)
    if (!pointer || !device::is_aligned(pointer, 4)) return fmt::format("{} is {}, no address of floats", name, pointer);
  return "";
}

std::string direct(const Forward& a) { return check(a.problem, a.n, {{"x", a.x}, {"weights", a.weights}, {"y", a.y}}); }
std::string direct(const BackwardInput& a) { return check(a.problem, a.n, {{"dy", a.dy}, {"weights", a.weights}, {"dx", a.dx}}); }
std::string direct(const BackwardWeights& a) { return check(a.problem, a.n, {{"x", a.x}, {"dy", a.dy}, {"dweights", a.dweights}}); }

template <class Arguments>
std::string tiled(const Arguments& a) {
  const std::string reason = direct(a);
  if (!reason.empty()) return reason;
  const int64_t blocks = plan(a, gemm::kTileSize).blocks();
  return blocks > device::kMostBlocks ? fmt::format("n={} c={} k={}: {} blocks, a grid has {} at most", a.n, a.problem.c, a.problem.k, blocks, device::kMostBlocks) : "";
}

template <class Arguments>
int64_t parts(const Arguments& a) { return parts_bytes(a, gemm::kTileSize); }
int64_t bias_bytes(const BackwardWeights& a) { return a.dbias ? device::column_sums_bytes(a.n, a.problem.k) : 0; }
int64_t parts_and_bias(const BackwardWeights& a) { return parts(a) + bias_bytes(a); }

using device::no_workspace;
constexpr device::Version<Forward> kForward[] = {{1, "direct", direct, no_workspace, v1::forward},
                                                 {2, "register_tiles", tiled, parts, v2::forward},
                                                 {3, "async_copies", tiled, parts, v3::forward},
                                                 {4, "3xtf32", tiled, parts, v4::forward},
                                                 {5, "tf32", tiled, parts, v5::forward}};
constexpr device::Version<BackwardInput> kBackwardInput[] = {{1, "direct", direct, no_workspace, v1::backward_input},
                                                             {2, "register_tiles", tiled, parts, v2::backward_input},
                                                             {3, "async_copies", tiled, parts, v3::backward_input},
                                                             {4, "3xtf32", tiled, parts, v4::backward_input},
                                                             {5, "tf32", tiled, parts, v5::backward_input}};
constexpr device::Version<BackwardWeights> kBackwardWeights[] = {{1, "direct", direct, bias_bytes, v1::backward_weights},
                                                                 {2, "register_tiles", tiled, parts_and_bias, v2::backward_weights},
                                                                 {3, "async_copies", tiled, parts_and_bias, v3::backward_weights},
                                                                 {4, "3xtf32", tiled, parts_and_bias, v4::backward_weights},
                                                                 {5, "tf32", tiled, parts_and_bias, v5::backward_weights}};

template <class Arguments>
const device::Version<Arguments>& first_willing(device::Versions<Arguments> versions, const Arguments& a) {
  const auto& preferred = device::find_version(versions, 3, "linear");
  return preferred.why_not(a).empty() ? preferred : device::find_version(versions, 1, "linear");
}

}  // namespace

device::Versions<Forward> forward_versions() { return kForward; }
device::Versions<BackwardInput> backward_input_versions() { return kBackwardInput; }
device::Versions<BackwardWeights> backward_weights_versions() { return kBackwardWeights; }

const device::Version<Forward>& default_version(const Forward& a) { return first_willing(forward_versions(), a); }
const device::Version<BackwardInput>& default_version(const BackwardInput& a) { return first_willing(backward_input_versions(), a); }
const device::Version<BackwardWeights>& default_version(const BackwardWeights& a) { return first_willing(backward_weights_versions(), a); }

}  // namespace skewbench::linear
