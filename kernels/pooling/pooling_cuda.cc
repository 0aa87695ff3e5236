#include "kernels/pooling/pooling_cuda.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::pooling {
namespace {

using device::no_workspace;
using device::product;

// The pixels along one direction that any window sees: fewer than all where the stride leaves gaps.
int64_t seen(const Problem& problem, int64_t outputs, int64_t extent) {
  if (problem.kind == Kind::global_average) return extent;
  int64_t count = 0, behind = 0;  // behind what the windows so far saw
  for (int64_t index = 0; index < outputs; ++index) {
    const int64_t start = index * problem.stride - problem.pad, end = std::min(start + problem.window, extent);
    count += end - std::max(start, behind);
    behind = end;
  }
  return count;
}

// Rows of all images along the grid's x, 128 threads times 65535 blocks along y divide a row.
constexpr int64_t kMostInRow = 128 * device::kMostBlocksY;

std::string check(const Problem& problem, int64_t n) {
  try {
    problem.validate();
  } catch (const Error& error) {
    return error.what();
  }
  const auto& [kind, h, w, c, window, stride, pad, ceil] = problem;
  if (n < 1) return fmt::format("batch size {}: it must be positive", n);
  const int64_t p = problem.p(), q = problem.q();
  const int64_t row = product({std::max(w, q), c}), rows = product({n, std::max(h, p)});
  if (row < 0 || row > kMostInRow) return fmt::format("rows of {} x {} floats: there may be {} in a row", std::max(w, q), c, kMostInRow);
  if (rows < 0 || rows > device::kMostBlocks || product({4, row, rows}) < 0)
    return fmt::format("{} images of {} rows of {} floats: too many for a grid", n, std::max(h, p), row);
  if (kind != Kind::global_average && std::max(window, stride) > device::kMostBlocks / 4)
    return fmt::format("window={} and stride={}: they must be below 2^29", window, stride);
  return "";
}

std::string forward(const Forward& a) { return check(a.problem, a.n); }

std::string backward(const Backward& a) {
  if (const std::string reason = check(a.problem, a.n); !reason.empty()) return reason;
  if (a.problem.kind == Kind::max && !a.workspace) return "the gradient of a maximum needs the forward pass's workspace";
  return "";
}

std::string quads(int64_t c, std::initializer_list<const void*> arrays, const void* workspace) {
  if (c % 4 != 0) return fmt::format("{} channels are not a multiple of 4", c);
  for (const void* array : arrays)
    if (!device::is_aligned(array)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", array);
  if (!device::is_aligned(workspace, 4)) return fmt::format("the workspace at {} is not a multiple of 4", workspace);
  return "";
}
std::string forward_quads(const Forward& a) {
  const std::string reason = forward(a);
  return reason.empty() ? quads(a.problem.c, {a.x, a.y}, a.workspace) : reason;
}
std::string backward_quads(const Backward& a) {
  const std::string reason = backward(a);
  return reason.empty() ? quads(a.problem.c, {a.dy, a.dx}, a.workspace) : reason;
}

std::string forward_global(const Forward& a) {
  if (a.problem.kind != Kind::global_average) return "it takes the global average only";
  constexpr int64_t kMostChannels = device::kWarp * device::kMostBlocksY;
  if (a.problem.c > kMostChannels) return fmt::format("{} channels: there may be {}", a.problem.c, kMostChannels);
  return forward(a);
}

const device::Version<Forward> kForward[] = {{1, "output_per_thread", forward, no_workspace, v1::forward},
                                             {2, "four_channels", forward_quads, no_workspace, v2::forward},
                                             {3, "pixels_over_warps", forward_global, no_workspace, v3::forward}};
const device::Version<Backward> kBackward[] = {{1, "output_per_thread", backward, no_workspace, v1::backward},
                                               {2, "four_channels", backward_quads, no_workspace, v2::backward}};

}  // namespace

int64_t Forward::bytes_read() const {
  return 4 * n * seen(problem, problem.p(), problem.h) * seen(problem, problem.q(), problem.w) * problem.c;
}

device::Versions<Forward> forward_versions() { return kForward; }
device::Versions<Backward> backward_versions() { return kBackward; }

}  // namespace skewbench::pooling
