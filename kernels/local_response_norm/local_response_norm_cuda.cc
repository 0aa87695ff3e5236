#include "kernels/local_response_norm/local_response_norm_cuda.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::local_response_norm {
namespace {

template <class Arguments>
std::string any(const Arguments& a) {
  try {
    check(a.problem);
  } catch (const Error& error) {
    return error.what();
  }
  constexpr int64_t kMostInRow = 128 * device::kMostBlocksY, kLargest = 1 << 20;
  const auto& problem = a.problem;
  if (a.n < 1) return fmt::format("batch size {}: it must be positive", a.n);
  if (problem.size > kLargest) return fmt::format("a window of {}: it may be at most {}", problem.size, kLargest);
  const int64_t row = device::product({problem.w, problem.c}), rows = device::product({a.n, problem.h});
  if (row < 0 || row > kMostInRow) return fmt::format("rows of {} x {} floats: there may be {} in a row", problem.w, problem.c, kMostInRow);
  if (rows < 0 || rows > device::kMostBlocks || device::product({4, row, rows}) < 0)
    return fmt::format("{} images of {} rows of {} floats: too many for a grid", a.n, problem.h, row);
  return "";
}

template <class Arguments>
std::string quads(const Arguments& a, std::initializer_list<const void*> arrays) {
  if (std::string reason = any(a); !reason.empty()) return reason;
  const auto& problem = a.problem;
  if (problem.c % 4 != 0) return fmt::format("{} channels are not a multiple of 4", problem.c);
  if (problem.form == Form::across_channels && problem.size != 3 && problem.size != 5)
    return fmt::format("a window of {} channels: it takes 3 and 5", problem.size);
  for (const void* array : arrays)
    if (!device::is_aligned(array)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", array);
  return "";
}
std::string forward_quads(const Forward& a) { return quads(a, {a.x, a.y, a.scale}); }
std::string backward_quads(const Backward& a) { return quads(a, {a.x, a.y, a.scale, a.dy, a.dx}); }

const device::Version<Forward> kForward[] = {{1, "output_per_thread", any, device::no_workspace, v1::forward},
                                             {2, "four_channels", forward_quads, device::no_workspace, v2::forward}};
const device::Version<Backward> kBackward[] = {{1, "output_per_thread", any, device::no_workspace, v1::backward},
                                               {2, "four_channels", backward_quads, device::no_workspace, v2::backward}};

}  // namespace

device::Versions<Forward> forward_versions() { return kForward; }
device::Versions<Backward> backward_versions() { return kBackward; }

}  // namespace skewbench::local_response_norm
