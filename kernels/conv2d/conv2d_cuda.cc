#include "kernels/conv2d/conv2d_cuda.h"

#include "kernels/base/error.h"
#include "kernels/base/launch_version.h"
#include "kernels/conv2d/conv2d_products.h"

namespace skewbench::conv2d {
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
  const auto [h, w, c, k, r, s, stride, pad] = problem;
  if (n < 1) return fmt::format("batch size {} must be positive", n);
  // Indices inside an image and of taps are ints, with room for a block's tile and a split's depth, at most 2^29, behind them.
  constexpr int64_t kMostExtent = int64_t{1} << 28, kMostInside = int64_t{1} << 29, kMostStride = int64_t{1} << 15;
  if (std::max(h, w) >= kMostExtent || std::max(h * w, problem.p() * problem.q()) >= kMostInside || stride >= kMostStride)
    return fmt::format("h={} w={} stride={}: extents must be below 2^28, an image below 2^29 pixels, the stride below 2^15", h, w, stride);
  if (r * s * std::max(c, k) >= kMostInside) return fmt::format("c={} k={} r={} s={}: r s c and r s k must be below 2^29", c, k, r, s);
  // Factor 4096: bytes, and room for what a split product and the bias gradient keep in the workspace.
  if (device::product({4096, n, h, w, c}) < 0 || device::product({4096, n, problem.p(), problem.q(), k}) < 0)
    return fmt::format("n={} h={} w={} c={} k={}: the bytes of an array exceed 64 bits", n, h, w, c, k);
  for (const auto& [name, pointer] : arrays)
    if (!pointer || !device::is_aligned(pointer, 4)) return fmt::format("{} is {}, no address of floats", name, pointer);
  return "";
}

std::string direct(const Forward& a) { return check(a.problem, a.n, {{"x", a.x}, {"filter", a.filter}, {"y", a.y}}); }
std::string direct(const BackwardInput& a) { return check(a.problem, a.n, {{"dy", a.dy}, {"filter", a.filter}, {"dx", a.dx}}); }
std::string direct(const BackwardFilter& a) { return check(a.problem, a.n, {{"x", a.x}, {"dy", a.dy}, {"dfilter", a.dfilter}}); }

template <const gemm::TileSize& tile, class Arguments>
std::string tiled(const Arguments& a) {
  const std::string reason = direct(a);
  if (!reason.empty()) return reason;
  const int64_t blocks = plan(a, tile).blocks();  // below 2^60: check() bounds the arrays and the stride
  if (blocks <= device::kMostBlocks) return "";
  return fmt::format("n={} h={} w={} c={} k={}: {} blocks, a grid has {} at most", a.n, a.problem.h, a.problem.w, a.problem.c, a.problem.k, blocks, device::kMostBlocks);
}

template <const gemm::TileSize& tile, class Arguments>
int64_t workspace(const Arguments& a) { return parts_bytes(a, tile); }
int64_t bias_bytes(const BackwardFilter& a) {
  return a.dbias ? device::column_sums_bytes(a.n * a.problem.p() * a.problem.q(), a.problem.k) : 0;
}
template <const gemm::TileSize& tile>
int64_t workspace_and_bias(const BackwardFilter& a) { return parts_bytes(a, tile) + bias_bytes(a); }

using device::no_workspace;
using gemm::kSmallTileSize;
using gemm::kTileSize;
constexpr device::Version<Forward> kForward[] = {
    {1, "direct", direct, no_workspace, v1::forward},
    {2, "shared_tiles", tiled<kSmallTileSize>, workspace<kSmallTileSize>, v2::forward},
    {3, "register_tiles", tiled<kTileSize>, workspace<kTileSize>, v3::forward},
    {4, "async_copies", tiled<kTileSize>, workspace<kTileSize>, v4::forward},
    {5, "tf32", tiled<kTileSize>, workspace<kTileSize>, v5::forward},
    {6, "3xtf32", tiled<kTileSize>, workspace<kTileSize>, v6::forward},
};
constexpr device::Version<BackwardInput> kBackwardInput[] = {
    {1, "direct", direct, no_workspace, v1::backward_input},
    {2, "shared_tiles", tiled<kSmallTileSize>, workspace<kSmallTileSize>, v2::backward_input},
    {3, "register_tiles", tiled<kTileSize>, workspace<kTileSize>, v3::backward_input},
    {4, "async_copies", tiled<kTileSize>, workspace<kTileSize>, v4::backward_input},
    {5, "tf32", tiled<kTileSize>, workspace<kTileSize>, v5::backward_input},
    {6, "3xtf32", tiled<kTileSize>, workspace<kTileSize>, v6::backward_input},
};
constexpr device::Version<BackwardFilter> kBackwardFilter[] = {
    {1, "direct", direct, bias_bytes, v1::backward_filter},
    {2, "shared_tiles", tiled<kSmallTileSize>, workspace_and_bias<kSmallTileSize>, v2::backward_filter},
    {3, "register_tiles", tiled<kTileSize>, workspace_and_bias<kTileSize>, v3::backward_filter},
    {4, "async_copies", tiled<kTileSize>, workspace_and_bias<kTileSize>, v4::backward_filter},
    {5, "tf32", tiled<kTileSize>, workspace_and_bias<kTileSize>, v5::backward_filter},
    {6, "3xtf32", tiled<kTileSize>, workspace_and_bias<kTileSize>, v6::backward_filter},
};

template <class Arguments>
const device::Version<Arguments>& first_willing(device::Versions<Arguments> versions, const Arguments& a) {
  const auto& preferred = device::find_version(versions, 4, "convolution");
  return preferred.why_not(a).empty() ? preferred : device::find_version(versions, 1, "convolution");
}

}  // namespace

device::Versions<Forward> forward_versions() { return kForward; }
device::Versions<BackwardInput> backward_input_versions() { return kBackwardInput; }
device::Versions<BackwardFilter> backward_filter_versions() { return kBackwardFilter; }

const device::Version<Forward>& default_version(const Forward& a) { return first_willing(forward_versions(), a); }
const device::Version<BackwardInput>& default_version(const BackwardInput& a) { return first_willing(backward_input_versions(), a); }
const device::Version<BackwardFilter>& default_version(const BackwardFilter& a) { return first_willing(backward_filter_versions(), a); }

}  // namespace skewbench::conv2d
