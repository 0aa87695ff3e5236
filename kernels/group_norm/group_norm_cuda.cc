#include "kernels/group_norm/group_norm_cuda.h"

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::group_norm {
namespace {

using device::is_aligned;
using device::kMostBlocks;
using device::kMostBlocksY;
using device::product;

std::string check_sizes(const Problem& p, int64_t n) {
  if (n < 1 || p.pixels < 1 || p.c < 1 || p.groups < 1)
    return fmt::format("{} samples of {} pixels, {} channels, {} groups: sizes must be positive", n, p.pixels, p.c, p.groups);
  if (p.c % p.groups != 0) return fmt::format("{} channels are not divisible by {} groups", p.c, p.groups);
  if (!(p.eps > 0)) return fmt::format("eps is {}, it must be positive", p.eps);
  if (product({n, p.pixels, p.c, 8}) < 0)
    return fmt::format("{} samples of {} pixels and {} channels are more than 64 bits can count", n, p.pixels, p.c);
  return "";
}

std::string check_blocks(const Problem& p, int64_t n) {
  if (n > kMostBlocksY) return fmt::format("{} samples are more than a grid's {} rows of blocks", n, kMostBlocksY);
  if (p.groups > kMostBlocks) return fmt::format("{} groups are more than the {} blocks of a grid's row", p.groups, kMostBlocks);
  return "";
}

// v3 numbers the groups of all samples.
std::string check_items(const Problem& p, int64_t n) {
  if (product({n, p.groups}) <= kMostBlocks) return "";
  return fmt::format("{} samples of {} groups are more than {} groups in all", n, p.groups, kMostBlocks);
}

std::string check_quads(const Problem& p, std::initializer_list<const void*> pointers) {
  if (p.c / p.groups % 4 != 0)
    return fmt::format("{} channels in {} groups: 16-byte accesses need a multiple of 4 in each", p.c, p.groups);
  for (const void* pointer : pointers)
    if (!is_aligned(pointer)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", pointer);
  return "";
}

std::string check_fits(const Problem& p, int64_t arrays) {
  const int64_t bytes = product({p.pixels, p.c / p.groups, arrays, 4});
  if (bytes <= kMostSharedBytes) return "";
  return fmt::format("a group of {} pixels and {} channels takes {} bytes of shared memory, more than {}", p.pixels, p.c / p.groups,
                     bytes, kMostSharedBytes);
}

// The first objection.
template <class... Checks>
std::string first_of(Checks... checks) {
  std::string reason;
  (void)((!(reason = checks()).empty()) || ...);
  return reason;
}

std::string check_quads(const Forward& a) {
  return check_quads(a.problem, {a.x, a.y, a.problem.affine ? a.gamma : nullptr, a.problem.affine ? a.beta : nullptr,
                                 a.problem.add ? a.residual : nullptr});
}

std::string check_quads(const Backward& a) {
  return check_quads(a.problem, {a.x, a.dy, a.dx, a.problem.relu ? a.y : nullptr, a.problem.affine ? a.gamma : nullptr,
                                 a.wants_residual() ? a.dresidual : nullptr});
}

std::string check_separate_addition(const Forward& a) {
  if (!a.problem.add || a.residual == nullptr || a.residual != a.y) return "";
  return "y is the residual, which this version overwrites before it is added";
}

std::string check_pairs(const Backward& a) {
  if (!a.problem.affine || (a.dgamma == nullptr) == (a.dbeta == nullptr)) return "";
  return "dgamma and dbeta are wanted both or neither";
}

std::string forward_any(const Forward& a) {
  return first_of([&] { return check_sizes(a.problem, a.n); }, [&] { return check_blocks(a.problem, a.n); },
                  [&] { return check_separate_addition(a); });
}
std::string forward_quads(const Forward& a) {
  return first_of([&] { return check_sizes(a.problem, a.n); }, [&] { return check_items(a.problem, a.n); },
                  [&] { return check_quads(a); }, [&] { return check_separate_addition(a); });
}
std::string forward_fits(const Forward& a) {
  return first_of([&] { return check_sizes(a.problem, a.n); }, [&] { return check_blocks(a.problem, a.n); },
                  [&] { return check_quads(a); }, [&] { return check_fits(a.problem, 1); });
}
std::string forward_fits_apart(const Forward& a) {
  return first_of([&] { return forward_fits(a); }, [&] { return check_separate_addition(a); });
}

std::string backward_any(const Backward& a) {
  return first_of([&] { return check_sizes(a.problem, a.n); }, [&] { return check_pairs(a); },
                  [&] { return check_blocks(a.problem, a.n); });
}
std::string backward_quads(const Backward& a) {
  return first_of([&] { return check_sizes(a.problem, a.n); }, [&] { return check_pairs(a); },
                  [&] { return check_items(a.problem, a.n); }, [&] { return check_quads(a); });
}
std::string backward_fits(const Backward& a) {
  return first_of([&] { return backward_any(a); }, [&] { return check_quads(a); }, [&] { return check_fits(a.problem, 2); });
}

// The samples' sums for dgamma and dbeta.
int64_t partial_bytes(const Backward& a) { return a.wants_parameters() ? 2 * a.n * a.problem.c * 4 : 0; }

const device::Version<Forward> kForward[] = {
    {1, "two_pass", forward_any, device::no_workspace, v1::forward},
    {2, "welford_shuffles", forward_any, device::no_workspace, v2::forward},
    {3, "vectorised_persistent", forward_quads, device::no_workspace, v3::forward},
    {4, "group_in_shared_memory", forward_fits_apart, device::no_workspace, v4::forward},
    {5, "fused_add_relu", forward_fits, device::no_workspace, v5::forward}};
const device::Version<Backward> kBackward[] = {
    {1, "two_pass", backward_any, partial_bytes, v1::backward},
    {2, "welford_shuffles", backward_any, partial_bytes, v2::backward},
    {3, "vectorised_persistent", backward_quads, partial_bytes, v3::backward},
    {4, "group_in_shared_memory", backward_fits, partial_bytes, v4::backward},
    {5, "fused_add_relu", backward_fits, partial_bytes, v5::backward}};

}  // namespace

device::Versions<Forward> forward_versions() { return kForward; }
device::Versions<Backward> backward_versions() { return kBackward; }

}  // namespace skewbench::group_norm
