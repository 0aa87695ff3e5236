#include "kernels/elementwise/elementwise_cuda.h"

#include "kernels/base/error.h"
#include "kernels/base/launch.h"

namespace skewbench::elementwise {
namespace {

using device::no_workspace;

std::string check_count(int64_t count) { return count < 1 ? fmt::format("{} elements: there must be at least one", count) : ""; }

std::string check_aligned(std::initializer_list<const void*> pointers) {
  for (const void* pointer : pointers)
    if (!device::is_aligned(pointer)) return fmt::format("the address {} is not a multiple of 16, which 16-byte accesses need", pointer);
  return "";
}

template <class Arguments>
std::string any(const Arguments& a) { return check_count(a.count); }
std::string images(const ImageToReal& a) {
  if (a.channels < 1) return fmt::format("{} channels: there must be at least one", a.channels);
  return check_count(a.pixels);
}
std::string aligned(const ReluForward& a) { return any(a) + check_aligned({a.x, a.y}); }
std::string aligned(const ReluBackward& a) { return any(a) + check_aligned({a.y, a.dy, a.dx}); }
std::string aligned(const Add& a) { return any(a) + check_aligned({a.a, a.b, a.out}); }

std::string image_quads(const ImageToReal& a) {
  constexpr int64_t kMostChannels = 65535, kMostElements = 1024 * device::kMostBlocks;
  if (std::string reason = images(a); !reason.empty()) return reason;
  if (a.channels > kMostChannels) return fmt::format("{} channels: there may be {}", a.channels, kMostChannels);
  const int64_t count = device::product({a.pixels, a.channels});
  if (count < 0 || count > kMostElements) return fmt::format("{} pixels of {} channels: too many for a grid", a.pixels, a.channels);
  if (!device::is_aligned(a.images, 4)) return fmt::format("the images at {} are not at a multiple of 4", static_cast<const void*>(a.images));
  return check_aligned({a.out});
}

const device::Version<ReluForward> kReluForward[] = {{1, "grid_stride", any, no_workspace, v1::relu_forward},
                                                     {2, "four_at_once", aligned, no_workspace, v2::relu_forward}};
const device::Version<ReluBackward> kReluBackward[] = {{1, "grid_stride", any, no_workspace, v1::relu_backward},
                                                       {2, "four_at_once", aligned, no_workspace, v2::relu_backward}};
const device::Version<Add> kAdd[] = {{1, "grid_stride", any, no_workspace, v1::add}, {2, "four_at_once", aligned, no_workspace, v2::add}};
const device::Version<ImageToReal> kImageToReal[] = {{1, "grid_stride", images, no_workspace, v1::image_to_real},
                                                   {2, "four_at_once", image_quads, no_workspace, v2::image_to_real}};

}  // namespace

device::Versions<ReluForward> relu_forward_versions() { return kReluForward; }
device::Versions<ReluBackward> relu_backward_versions() { return kReluBackward; }
device::Versions<Add> add_versions() { return kAdd; }
device::Versions<ImageToReal> image_to_real_versions() { return kImageToReal; }

}  // namespace skewbench::elementwise
