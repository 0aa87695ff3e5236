#include "kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.h"

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::softmax_cross_entropy {
namespace {

constexpr int64_t kMostClasses = 1 << 30;  // a lane's counter of them, an int, goes one warp further

template <class Arguments>
std::string any(const Arguments& a) {
  if (a.n < 1 || a.classes < 1) return fmt::format("{} samples of {} classes: sizes must be positive", a.n, a.classes);
  if (a.classes > kMostClasses) return fmt::format("{} classes: there may be {}", a.classes, kMostClasses);
  if (a.n > device::kMostBlocks || device::product({4, a.n, a.classes}) < 0)
    return fmt::format("{} samples of {} classes: too many for a grid", a.n, a.classes);
  return "";
}

template <class Arguments>
std::string quads(const Arguments& a, std::initializer_list<const void*> arrays) {
  if (std::string reason = any(a); !reason.empty()) return reason;
  if (a.classes % 4 != 0) return fmt::format("{} classes are not a multiple of 4", a.classes);
  if (a.classes > v3::kMostClasses) return fmt::format("{} classes: the registers of a warp hold {}", a.classes, v3::kMostClasses);
  for (const void* array : arrays)
    if (!device::is_aligned(array)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", array);
  return "";
}
std::string gradient_quads(const LossAndGradient& a) { return quads(a, {a.logits, a.dlogits}); }
std::string evaluate_quads(const Evaluate& a) { return quads(a, {a.logits}); }

int64_t losses_and_hits(const Evaluate& a) { return 8 * a.n; }

const device::Version<LossAndGradient> kLossAndGradient[] = {
    {1, "thread_per_sample", any, device::no_workspace, v1::loss_and_gradient},
    {2, "warp_per_sample", any, device::no_workspace, v2::loss_and_gradient},
    {3, "row_in_registers", gradient_quads, device::no_workspace, v3::loss_and_gradient}};
const device::Version<Evaluate> kEvaluate[] = {{1, "thread_per_sample", any, losses_and_hits, v1::evaluate},
                                               {2, "warp_per_sample", any, losses_and_hits, v2::evaluate},
                                               {3, "row_in_registers", evaluate_quads, losses_and_hits, v3::evaluate}};

}  // namespace

device::Versions<LossAndGradient> loss_and_gradient_versions() { return kLossAndGradient; }
device::Versions<Evaluate> evaluate_versions() { return kEvaluate; }

}  // namespace skewbench::softmax_cross_entropy
