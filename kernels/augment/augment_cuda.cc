#include "kernels/augment/augment_cuda.h"

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::augment {
namespace {

std::string any(const Augment& a) {
  try {
    check(a.problem);
  } catch (const Error& error) {
    return error.what();
  }
  constexpr int64_t kMostBytes = 128 * device::kMostBlocksY;
  const int64_t image = device::product({a.problem.h, a.problem.w, a.problem.pixel_bytes});
  if (a.n < 1) return fmt::format("batch size {}: it must be positive", a.n);
  if (image < 0 || image > kMostBytes)
    return fmt::format("images of {} x {} pixels of {} bytes: there may be {} bytes in one", a.problem.h, a.problem.w, a.problem.pixel_bytes, kMostBytes);
  if (a.n > device::kMostBlocks) return fmt::format("{} images: too many for a grid", a.n);
  return "";
}

std::string fours(const Augment& a) {
  if (std::string reason = any(a); !reason.empty()) return reason;
  if (a.problem.image_bytes() % 4 != 0) return fmt::format("images of {} bytes: not a multiple of 4", a.problem.image_bytes());
  if (!device::is_aligned(a.out, 4)) return fmt::format("the address {} is not a multiple of 4", static_cast<const void*>(a.out));
  return "";
}

const device::Version<Augment> kAugment[] = {{1, "byte_per_thread", any, device::no_workspace, v1::augment},
                                             {2, "four_bytes", fours, device::no_workspace, v2::augment}};

}  // namespace

device::Versions<Augment> augment_versions() { return kAugment; }

}  // namespace skewbench::augment
