#include "bench/train/device_session.h"

#include "kernels/base/cudnn_support.h"

namespace skewbench::train {

namespace {

int rank_on_this_host(const exchange::Communicator& communicator) {
  MPI_Comm host = MPI_COMM_NULL;
  int rank = 0;
  MPI_CALL(MPI_Comm_split_type(communicator.handle(), MPI_COMM_TYPE_SHARED, communicator.rank(), MPI_INFO_NULL, &host));
  MPI_CALL(MPI_Comm_rank(host, &rank));
  MPI_CALL(MPI_Comm_free(&host));
  return rank;
}

}  // namespace

std::unique_ptr<device::Queue> open_device(const Settings& settings, const exchange::Communicator& communicator) {
  if (!settings.on_device) return nullptr;
  error_context() = fmt::format("rank {} of {}, case {}", communicator.rank(), communicator.size(), settings.case_string);
  const int local = rank_on_this_host(communicator);
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

std::string describe_device(const device::Queue* queue) { return queue ? device::properties().name : "host"; }

}  // namespace skewbench::train
