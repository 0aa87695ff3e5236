#include "bench/train/device_session.h"

#include "kernels/base/cudnn_support.h"

namespace skewbench::train {

std::unique_ptr<device::Queue> open_device(const Settings& settings, const exchange::Communicator& communicator) {
  if (!settings.on_device) return nullptr;
  error_context() = fmt::format("rank {} of {}, case {}", communicator.rank(), communicator.size(), settings.case_string);
  const int local = exchange::rank_on_host(communicator);
  std::unique_ptr<device::Queue> queue;
  exchange::agree(communicator, [&] {
    const std::string reason = device::why_unusable();
    REQUIRE(reason.empty(), "--device cuda: {}", reason);
    device::select(local);
    const std::string no_vendor = settings.kernels.vendor ? device::why_no_cudnn() : "";
    REQUIRE(no_vendor.empty(), "--kernels vendor: {}", no_vendor);
    queue = std::make_unique<device::Queue>(settings.kernels);
  });
  return queue;
}

std::string describe_by_hand(const device::Queue& queue) {
  std::string text;
  for (const auto& [operation, refusal] : queue.by_hand()) text += fmt::format("{}{} ({})", text.empty() ? "by hand, as cuDNN refused: " : ", ", operation, refusal);
  return text;
}

std::string describe_device(const device::Queue* queue) { return queue ? device::properties().name : "host"; }

}  // namespace skewbench::train
