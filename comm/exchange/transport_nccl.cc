// NCCL under the exchange: a round is one group of sends and receives on a stream beside the queue's, so that kernels run while
// messages travel. Events order the two streams; the host waits for neither.
#include "comm/exchange/transport.h"

#include <unistd.h>

#include <array>
#include <cstring>

#include "kernels/base/queue.h"

#ifndef SKEWBENCH_NCCL

namespace skewbench::exchange {

std::string why_no_nccl(const Communicator&, Memory) { return "this program was built without NCCL: there was no nccl.h"; }
std::unique_ptr<Transport> make_nccl_transport(const Communicator& communicator, Memory memory) {
  fail("{}", why_no_nccl(communicator, memory));
}

}  // namespace skewbench::exchange

#else

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <exception>

#include "kernels/base/cuda_check.h"

namespace skewbench::exchange {

namespace {

[[noreturn]] void nccl_failed(const char* call, ncclResult_t result, ncclComm_t comm, const char* file, int line) {
  const char* said = ncclGetLastError(comm);
  const std::string& context = error_context();
  fail("{} failed: {}{}{} at {}:{}{}{}", call, ncclGetErrorString(result), said && *said ? ": " : "", said ? said : "", file, line,
       context.empty() ? "" : ", ", context);
}

/// NCCL_CALL(comm, ncclSend(...)): evaluated once.
#define NCCL_CALL(comm, ...)                                                                      \
  do {                                                                                            \
    const ncclResult_t nccl_call_result_ = (__VA_ARGS__);                                         \
    if (nccl_call_result_ != ncclSuccess) nccl_failed(#__VA_ARGS__, nccl_call_result_, comm, __FILE__, __LINE__); \
  } while (0)

class NcclTransport : public Transport {
 public:
  NcclTransport(const Communicator& communicator, Memory memory)
      : Transport(communicator, memory), exceptions_(std::uncaught_exceptions()) {
    ncclUniqueId id{};
    agree(communicator, [&] {
      if (communicator.rank() == 0) NCCL_CALL(nullptr, ncclGetUniqueId(&id));
    });
    MPI_CALL(MPI_Bcast(&id, sizeof id, MPI_BYTE, 0, communicator.handle()));
    // Ranks wait for each other in here, so they cannot agree on its outcome: an error of one has to end the others.
    NCCL_CALL(nullptr, ncclCommInitRank(&comm_, communicator.size(), id, communicator.rank()));
  }
  // While an error of this rank unwinds, the others may never answer: only abort ends what is under way.
  ~NcclTransport() override {
    if (comm_) (void)(std::uncaught_exceptions() == exceptions_ ? ncclCommDestroy(comm_) : ncclCommAbort(comm_));
  }

  std::string name() const override {
    int version = 0;
    NCCL_CALL(nullptr, ncclGetVersion(&version));
    return fmt::format("NCCL {}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
  }

  void begin(const std::vector<Parcel>& sends, const std::vector<Parcel>& receives) override {
    ready_.record(memory().queue().stream());
    ready_.hold(stream_.get());
    if (sends.empty() && receives.empty()) return;
    ncclResult_t first = ncclSuccess;  // a group that was started is ended, whatever went wrong in it
    const auto keep = [&](ncclResult_t result) {
      if (first == ncclSuccess) first = result;
    };
    NCCL_CALL(comm_, ncclGroupStart());
    for (const Parcel& parcel : sends)
      keep(ncclSend(parcel.data, static_cast<std::size_t>(parcel.bytes), ncclInt8, parcel.rank, comm_, stream_.get()));
    for (const Parcel& parcel : receives)
      keep(ncclRecv(parcel.data, static_cast<std::size_t>(parcel.bytes), ncclInt8, parcel.rank, comm_, stream_.get()));
    keep(ncclGroupEnd());
    if (first != ncclSuccess) nccl_failed("a round of ncclSend and ncclRecv", first, comm_, __FILE__, __LINE__);
  }

  void end() override {
    ncclResult_t state = ncclSuccess;
    NCCL_CALL(comm_, ncclCommGetAsyncError(comm_, &state));
    if (state != ncclSuccess) nccl_failed("a round of ncclSend and ncclRecv", state, comm_, __FILE__, __LINE__);
    done_.record(stream_.get());
    done_.hold(memory().queue().stream());
  }

 private:
  ncclComm_t comm_ = nullptr;
  int exceptions_;  // in flight when this was made
  device::OwnedStream stream_;
  device::Event ready_, done_;
};

/// A name that the selected GPU alone has, on any host.
std::string name_of_gpu() {
  int index = 0;
  cudaDeviceProp properties{};
  CUDA_CALL(cudaGetDevice(&index));
  CUDA_CALL(cudaGetDeviceProperties(&properties, index));
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::string name = "GPU ";
  for (const char byte : properties.uuid.bytes) name += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return name + " of " + host.data();
}

}  // namespace

std::string why_no_nccl(const Communicator& communicator, Memory memory) {
  if (!memory.on_device()) return "NCCL moves device memory: --exchange nccl wants --device cuda";
  constexpr int kLength = 320;
  std::array<char, kLength> mine{};
  std::vector<char> all(static_cast<std::size_t>(kLength * communicator.size()));
  agree(communicator, [&] { std::strncpy(mine.data(), name_of_gpu().c_str(), kLength - 1); });
  MPI_CALL(MPI_Allgather(mine.data(), kLength, MPI_CHAR, all.data(), kLength, MPI_CHAR, communicator.handle()));
  std::vector<std::string> gpus;
  for (std::size_t at = 0; at < all.size(); at += kLength) gpus.emplace_back(all.data() + at);
  return why_gpus_do_not_fit_nccl(gpus);
}

std::unique_ptr<Transport> make_nccl_transport(const Communicator& communicator, Memory memory) {
  return std::make_unique<NcclTransport>(communicator, memory);
}

}  // namespace skewbench::exchange

#endif
