#include "kernels/evo_norm/evo_norm_cuda.h"

#include <algorithm>
#include <bit>

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::evo_norm {
namespace {

template <class Arguments>
std::string any(const Arguments& a) {
  const auto& p = a.problem;
  try {
    check(p);
  } catch (const Error& error) {
    return error.what();
  }
  constexpr int64_t kMostInGroup = 1 << 30;
  if (a.n < 1) return fmt::format("batch size {}: it must be positive", a.n);
  if (device::product({4, a.n, p.pixels, p.c}) < 0) return fmt::format("{} samples of {} pixels and {} channels: more than 64 bits can count", a.n, p.pixels, p.c);
  if (p.group_size() > kMostInGroup) return fmt::format("groups of {} elements: there may be {}", p.group_size(), kMostInGroup);
  const int64_t blocks = device::product({a.n, p.groups});
  if (blocks < 0 || blocks > device::kMostBlocks) return fmt::format("{} samples of {} groups: too many for a grid", a.n, p.groups);
  return "";
}

template <class Arguments>
std::string quads(const Arguments& a, std::initializer_list<const void*> arrays) {
  if (std::string reason = any(a); !reason.empty()) return reason;
  const int64_t c = a.problem.c, k = c / a.problem.groups;
  if (c % 4 != 0) return fmt::format("{} channels are not a multiple of 4", c);
  if (!std::has_single_bit(static_cast<uint64_t>(k)) || k > 128) return fmt::format("{} channels a group: it takes powers of two up to 128", k);
  for (const void* array : arrays)
    if (!device::is_aligned(array)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", array);
  return "";
}

// A slab is a group, or four channels where groups are smaller.
std::string fits(const Problem& p, int64_t arrays) {
  const int64_t bytes = device::product({p.pixels, std::max<int64_t>(p.c / p.groups, 4), arrays, 4});
  if (bytes <= kMostSharedBytes) return "";
  return fmt::format("{} pixels of {} channels take {} bytes of shared memory, more than {}", p.pixels, std::max<int64_t>(p.c / p.groups, 4), bytes,
                     kMostSharedBytes);
}

std::string forward_any(const Forward& a) { return any(a); }
std::string forward_quads(const Forward& a) { return quads(a, {a.x, a.gamma, a.beta, a.y}); }
std::string forward_slab(const Forward& a) {
  const std::string reason = forward_quads(a);
  return reason.empty() ? fits(a.problem, 1) : reason;
}

std::string pairs(const Backward& a) { return !a.dgamma == !a.dbeta ? "" : "dgamma and dbeta are wanted both or neither"; }
std::string backward_any(const Backward& a) {
  const std::string reason = any(a);
  return reason.empty() ? pairs(a) : reason;
}
std::string backward_quads(const Backward& a) {
  const std::string reason = quads(a, {a.x, a.dy, a.gamma, a.dx});
  return reason.empty() ? pairs(a) : reason;
}
std::string backward_slab(const Backward& a) {
  const std::string reason = backward_quads(a);
  return reason.empty() ? fits(a.problem, 2) : reason;
}

int64_t partial_sums(const Backward& a) { return a.dgamma ? 8 * a.n * a.problem.c : 0; }

const device::Version<Forward> kForward[] = {{1, "two_pass", forward_any, device::no_workspace, v1::forward},
                                             {2, "four_channels", forward_quads, device::no_workspace, v2::forward},
                                             {3, "slab_in_shared_memory", forward_slab, device::no_workspace, v3::forward}};
const device::Version<Backward> kBackward[] = {{1, "two_pass", backward_any, partial_sums, v1::backward},
                                               {2, "four_channels", backward_quads, partial_sums, v2::backward},
                                               {3, "slab_in_shared_memory", backward_slab, partial_sums, v3::backward}};

}  // namespace

device::Versions<Forward> forward_versions() { return kForward; }
device::Versions<Backward> backward_versions() { return kBackward; }

}  // namespace skewbench::evo_norm
